//! The relays that the control channel started.

use super::Parameters;
use super::command::number;
use crate::Shared;
use crate::cutter::{Cuts, Cutter, Kind, Place};
use crate::services::loopback;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Relays at a time.
const MAX: usize = 100;
/// The longest pause, in milliseconds: a minute.
const MAX_PAUSE: u64 = 60_000;

/// The running ones, by port. They end with the server.
#[derive(Debug, Default)]
pub(crate) struct Cutters(Mutex<BTreeMap<u64, Cutter>>);

impl Cutters {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Cutter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts one, in front of the server's own port or one that was allowed.
    pub(super) fn start(&self, shared: &Shared, parameters: &Parameters) -> Result<Value, String> {
        let [own, _] = shared.pages;
        let target = match parameters.get("to") {
            None => own,
            Some(to) => loopback(to)
                .filter(|address| shared.reachable.contains(address))
                .ok_or_else(|| format!("to is a port that the proxy reaches, not {to:?}"))?,
        };
        let mut cutters = self.lock();
        if cutters.len() >= MAX {
            return Err(format!("there are {MAX} cutters already"));
        }
        let cutter = Cutter::start(target, read(parameters)?);
        let cutter = cutter.map_err(|error| format!("no port for a cutter: {error}"))?;
        let port = u64::from(cutter.address().port());
        let url = cutter.url();
        cutters.insert(port, cutter);
        Ok(json!({ "port": port, "url": url }))
    }

    /// What one has done.
    pub(super) fn counts(&self, port: u64) -> Result<Value, String> {
        let cutters = self.lock();
        let counts = cutters.get(&port).ok_or_else(|| none(port))?.counts();
        let kinds: BTreeMap<_, _> = Kind::ALL
            .iter()
            .map(|kind| kind.name())
            .zip(counts.kinds)
            .collect();
        Ok(json!({
            "connections": counts.connections,
            "cuts": counts.cuts,
            "kinds": kinds,
            "both_ways": counts.both_ways,
            "inside": counts.inside,
            "greeting": counts.greeting,
            "pauses": counts.pauses,
            "lost": counts.lost,
            "late": counts.late,
            "acknowledged": { "by_clients": counts.acknowledged[0], "by_servers": counts.acknowledged[1] },
            "overgrants": counts.overgrants,
            "steered": counts.are_steered(),
            "line": counts.to_string(),
        }))
    }

    /// Ends one, and every connection it carries.
    pub(super) fn end(&self, port: u64) -> Result<Value, String> {
        drop(self.lock().remove(&port).ok_or_else(|| none(port))?);
        Ok(json!({ "port": port }))
    }
}

fn none(port: u64) -> String {
    format!("no cutter listens on port {port}")
}

fn read(parameters: &Parameters) -> Result<Cuts, String> {
    let given = |name, most| {
        parameters
            .get(name)
            .map(|_| number(parameters, name, most))
            .transpose()
    };
    let mut cuts = Cuts::default();
    cuts.seed = given("seed", u64::MAX)?.unwrap_or(cuts.seed);
    cuts.most = given("cuts", u64::MAX)?.unwrap_or(cuts.most);
    cuts.span = given("span", 1 << 30)?.unwrap_or(cuts.span);
    cuts.grace = given("grace", 1 << 30)?.unwrap_or(cuts.grace);
    if let Some(ms) = given("pause", MAX_PAUSE)? {
        cuts.pause = Duration::from_millis(ms);
    }
    if let Some(kinds) = parameters.get("kinds") {
        cuts.kinds = named(kinds, &Kind::ALL, Kind::name)?;
    }
    if let Some(places) = parameters.get("places") {
        cuts.places = named(places, &Place::ALL, Place::name)?;
    }
    Ok(cuts)
}

/// Names, with commas between them.
fn named<T: Copy>(names: &str, all: &[T], name: fn(T) -> &'static str) -> Result<Vec<T>, String> {
    let find = |wanted: &str| all.iter().copied().find(|each| name(*each) == wanted);
    let known = || {
        all.iter()
            .map(|each| name(*each))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let each = names.split(',');
    each.map(|wanted| find(wanted).ok_or_else(|| format!("{wanted:?} is none of {}", known())))
        .collect()
}
