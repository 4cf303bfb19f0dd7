//! The commands, whichever way they came.

use super::Parameters;
use super::handle::Handle;
use super::registry::{Failure, Whom};
use crate::Shared;
use crate::line::{Cut, Settings};
use serde_json::{Value, json};
use std::time::Duration;

const COMMANDS: &str =
    "list, cut, freeze, thaw, delay, throttle, fail, transcript, cutter, cutter-counts, cutter-end";
/// A day: longer than any test.
const MAX_DELAY: u64 = 24 * 60 * 60 * 1000;

/// Carries a command out; the error is a sentence for whoever sent it.
pub(super) fn run(shared: &Shared, name: &str, parameters: &Parameters) -> Result<Value, String> {
    let registry = &*shared.registry;
    let set = |change: &dyn Fn(&mut Settings)| {
        let connections = registry.set(&whom(parameters)?, change)?;
        Ok(json!({ "connections": connections }))
    };
    match name {
        "list" => {
            let whom = whom(parameters).ok();
            let connections = registry.all(whom.as_ref(), Handle::describe);
            Ok(json!({ "connections": connections }))
        }
        "transcript" => {
            let connections = registry.all(Some(&whom(parameters)?), Handle::transcript);
            Ok(json!({ "connections": connections }))
        }
        "cut" => {
            let how = match parameters.get("how").map(String::as_str) {
                None | Some("rst") => Cut::Rst,
                Some("fin") => Cut::Fin,
                Some(other) => return Err(format!("how is \"fin\" or \"rst\", not {other:?}")),
            };
            let there = registry.live(Some(&whom(parameters)?));
            there.iter().for_each(|handle| handle.cut(how));
            Ok(json!({ "connections": there.len() }))
        }
        "freeze" => set(&|settings| settings.frozen = true),
        "thaw" => set(&|settings| settings.frozen = false),
        "delay" => {
            let ms = number(parameters, "ms", MAX_DELAY)?;
            set(&|settings| settings.delay = Duration::from_millis(ms))
        }
        "throttle" => {
            let rate = number(parameters, "rate", u64::MAX)?;
            set(&|settings| settings.rate = (rate > 0).then_some(rate))
        }
        "fail" => {
            let Whom::Tag(tag) = whom(parameters)? else {
                return Err("a handshake to come has a tag, and no id yet".into());
            };
            let count = match parameters.get("count") {
                Some(_) => number(parameters, "count", u64::MAX)?,
                None => 1,
            };
            registry.fail(&tag, count, failure(parameters)?)?;
            Ok(json!({ "fail": count }))
        }
        "cutter" => shared.cutters.start(shared, parameters),
        "cutter-counts" => shared.cutters.counts(number(parameters, "port", 65_535)?),
        "cutter-end" => shared.cutters.end(number(parameters, "port", 65_535)?),
        other => Err(format!("there is no command {other:?}: {COMMANDS}")),
    }
}

fn whom(parameters: &Parameters) -> Result<Whom, String> {
    match (parameters.get("tag"), parameters.get("id")) {
        (Some(tag), None) => Ok(Whom::Tag(tag.clone())),
        (None, Some(_)) => Ok(Whom::Id(number(parameters, "id", u64::MAX)?)),
        _ => Err("whom? tag=TAG or id=NUMBER".into()),
    }
}

pub(super) fn number(parameters: &Parameters, name: &str, max: u64) -> Result<u64, String> {
    let value = parameters.get(name);
    value
        .and_then(|value| value.parse().ok())
        .filter(|number| *number <= max)
        .ok_or_else(|| {
            let value = value.map_or("", String::as_str);
            format!("{name} is a number up to {max}, not {value:?}")
        })
}

fn failure(parameters: &Parameters) -> Result<Failure, String> {
    match parameters.get("how").map(String::as_str) {
        None => Ok(Failure::Status(503)),
        Some("rst") => Ok(Failure::Rst),
        Some("fin") => Ok(Failure::Fin),
        Some("silence") => Ok(Failure::Silence),
        Some(status) => match status.parse() {
            Ok(status @ 200..=599) => Ok(Failure::Status(status)),
            _ => Err(format!(
                "how is a status from 200 to 599, \"rst\", \"fin\" or \"silence\", not {status:?}"
            )),
        },
    }
}
