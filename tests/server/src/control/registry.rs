//! Every connection of a server, and what was planned for those to come.

use super::handle::Handle;
use crate::line::Settings;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections with a tag that are remembered after their end: what a test looks at afterwards.
const MAX_ENDED: usize = 100;
/// Tags with a plan.
const MAX_PLANS: usize = 1000;

/// What happens to a handshake that is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is answered with this status.
    Status(u16),
    /// The stream ends instead of an answer.
    Fin,
    /// It is reset.
    Rst,
    /// It is not answered.
    Silence,
}

/// What is planned for a tag.
#[derive(Debug, Default)]
struct Plan {
    settings: Settings,
    failures: u64,
    failure: Option<Failure>,
}

/// The connections of one server.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    live: BTreeMap<u64, Arc<Handle>>,
    ended: VecDeque<Arc<Handle>>,
    plans: HashMap<String, Plan>,
}

/// Whom a command is for.
#[derive(Debug, Clone)]
pub(super) enum Whom {
    /// One connection.
    Id(u64),
    /// All connections of a tag, those to come too where that has a meaning.
    Tag(String),
}

impl Whom {
    fn means(&self, handle: &Handle) -> bool {
        match self {
            Whom::Id(id) => handle.id == *id,
            Whom::Tag(tag) => handle.is_tagged(tag),
        }
    }
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection came. It is listed until the guard is dropped, with a tag a while longer.
    pub(crate) fn enter(self: &Arc<Self>) -> Entered {
        let mut inner = self.lock();
        inner.last += 1;
        let handle = Arc::new(Handle::new(inner.last));
        inner.live.insert(handle.id, handle.clone());
        Entered {
            registry: self.clone(),
            handle,
        }
    }

    /// Its request was read. What was planned for its tag holds from now on; a failure is for its caller to carry out.
    pub(crate) fn name(
        &self,
        handle: &Handle,
        tag: Option<String>,
        target: &str,
        handshake: bool,
    ) -> Option<Failure> {
        let mut inner = self.lock();
        let plan = tag.as_ref().and_then(|tag| inner.plans.get_mut(tag));
        let (settings, failure) = match plan {
            Some(plan) if handshake && plan.failures > 0 => {
                plan.failures -= 1;
                (plan.settings, plan.failure)
            }
            Some(plan) => (plan.settings, None),
            None => (Settings::default(), None),
        };
        handle.name(tag, target, settings);
        failure
    }

    pub(super) fn live(&self, whom: Option<&Whom>) -> Vec<Arc<Handle>> {
        let inner = self.lock();
        let live = inner.live.values();
        live.filter(|handle| whom.is_none_or(|whom| whom.means(handle)))
            .cloned()
            .collect()
    }

    pub(super) fn all(&self, whom: Option<&Whom>, tell: fn(&Handle) -> Value) -> Vec<Value> {
        let inner = self.lock();
        let all = inner.ended.iter().chain(inner.live.values());
        all.filter(|handle| whom.is_none_or(|whom| whom.means(handle)))
            .map(|handle| tell(handle))
            .collect()
    }

    /// Changes the settings of those who are there, and of a tag's that will come; gives how many are there.
    pub(super) fn set(
        &self,
        whom: &Whom,
        change: impl Fn(&mut Settings),
    ) -> Result<usize, &'static str> {
        if let Whom::Tag(tag) = whom {
            self.plan(tag, |plan| change(&mut plan.settings))?;
        }
        let there = self.live(Some(whom));
        there.iter().for_each(|handle| handle.set(&change));
        Ok(there.len())
    }

    /// The next `count` handshakes of this tag fail.
    pub(super) fn fail(&self, tag: &str, count: u64, failure: Failure) -> Result<(), &'static str> {
        self.plan(tag, |plan| {
            plan.failures = count;
            plan.failure = Some(failure);
        })
    }

    fn plan(&self, tag: &str, change: impl FnOnce(&mut Plan)) -> Result<(), &'static str> {
        let mut inner = self.lock();
        if inner.plans.len() >= MAX_PLANS && !inner.plans.contains_key(tag) {
            return Err("a thousand tags have plans already");
        }
        change(inner.plans.entry(tag.to_owned()).or_default());
        Ok(())
    }
}

/// A connection that is listed while this is held.
pub(crate) struct Entered {
    registry: Arc<Registry>,
    /// The connection.
    pub(crate) handle: Arc<Handle>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.handle.end();
        let mut inner = self.registry.lock();
        inner.live.remove(&self.handle.id);
        if self.handle.has_tag() {
            inner.ended.push_back(self.handle.clone());
            if inner.ended.len() > MAX_ENDED {
                inner.ended.pop_front();
            }
        }
    }
}
