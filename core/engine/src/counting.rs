//! What the instances have counted, and what was found out last, for those who ask: it costs the engine nothing but the
//! counting.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use keepwatch_event::{Counters, Snapshot};
use keepwatch_system::Wakeup;
use keepwatch_vrrp::{RouterId, Stats};

use crate::engine::Engine;
use crate::tracks::Tracks;

/// Questions that may wait for the engine. More of them get no answer: who asks so often can ask again.
pub(crate) const QUESTIONS: usize = 4;

/// Where an answer goes; there is room for it.
pub(crate) type Question = SyncSender<Vec<Counted>>;

/// What an instance has counted.
#[derive(Debug)]
pub(crate) struct Counted {
    instance: Arc<str>,
    counters: Counters,
    master_advert_interval: Duration,
}

/// Asks a running engine what its instances have counted. Clones ask the same engine.
#[derive(Clone, Debug)]
pub struct Counting {
    pub(crate) questions: SyncSender<Question>,
    pub(crate) wakeup: Wakeup,
    pub(crate) tracks: Tracks,
}

impl Counting {
    /// Says in a snapshot what was found out last of what is tracked. Waits for those who report, not for the engine.
    pub fn refresh(&self, snapshot: &mut Snapshot) {
        self.tracks.refresh(snapshot);
    }

    /// Adds to a snapshot what its instances have counted, and waits for it, for so long at most. Whether there was an answer:
    /// there is none from an engine that has ended, that is late, or that many ask at the same time.
    pub fn fill(&self, snapshot: &mut Snapshot, within: Duration) -> bool {
        let (tell, told) = sync_channel(1);
        if self.questions.try_send(tell).is_err() {
            return false;
        }
        self.wakeup.ring();
        let Ok(counted) = told.recv_timeout(within) else { return false };
        for Counted { instance, counters, master_advert_interval } in counted {
            if let Some(known) = snapshot.instances.iter_mut().find(|known| known.name == instance) {
                let known = Arc::make_mut(known);
                known.counters = Some(counters);
                known.master_advert_interval = Some(master_advert_interval);
            }
        }
        true
    }
}

impl Engine {
    /// Who can ask what its instances have counted.
    #[must_use]
    pub fn counting(&self) -> Counting {
        let (questions, wakeup) = (self.questions.0.clone(), self.parts.wakeup.clone());
        Counting { questions, wakeup, tracks: self.tracks() }
    }

    pub(crate) fn answer(&self) {
        while let Ok(question) = self.questions.1.try_recv() {
            let instances = self.parts.instances.iter().enumerate().filter(|(_, instance)| instance.runs());
            let counted = instances.filter_map(|(number, instance)| {
                let router = self.parts.routers.get(RouterId(number))?;
                Some(Counted {
                    instance: Arc::clone(&instance.name),
                    counters: counters(router.stats()),
                    master_advert_interval: router.master_interval().duration(),
                })
            });
            // Who asked may have gone; there is room for one answer, so that this waits for nobody.
            let _ = question.try_send(counted.collect());
        }
    }
}

const fn counters(stats: &Stats) -> Counters {
    Counters {
        adverts_received: stats.adverts_received,
        adverts_sent: stats.adverts_sent,
        became_master: stats.became_master,
        released_master: stats.released_master,
        priority_zero_received: stats.priority_zero_received,
        priority_zero_sent: stats.priority_zero_sent,
        length_errors: stats.length_errors,
        checksum_errors: stats.checksum_errors,
        type_errors: stats.type_errors,
        malformed: stats.malformed,
        ttl_errors: stats.ttl_errors,
        version_errors: stats.version_errors,
        auth_type_errors: stats.auth_type_errors,
        auth_type_mismatches: stats.auth_type_mismatches,
        auth_failures: stats.auth_failures,
        interval_mismatches: stats.interval_mismatches,
        address_list_mismatches: stats.address_list_mismatches,
        duplicate_vrids: stats.duplicate_vrids,
        other_vrids: stats.other_vrids,
        source_errors: stats.source_errors,
        other_checksum_forms: stats.other_checksum_forms,
        lower_while_master: stats.lower_while_master,
    }
}
