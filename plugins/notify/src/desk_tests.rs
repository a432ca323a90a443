//! Tests of what is known before anything is told.

use std::sync::Mutex;

use keepwatch_bus::Delivery;
use keepwatch_event::{Reason, Snapshot};

use super::*;
use crate::destination::Grouping;
use crate::entry::Entry;
use crate::parcel::Parcel;
use crate::route::{On, Route, Topic};
use crate::transport::{Dialogue, Medium, Outcome, Transport, Work};

const WITHIN: Duration = Duration::from_secs(60);

/// Takes all, and keeps the ids of the letters.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Vec<String>>>);

impl Inbox {
    fn ids(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn destination(&self) -> Destination {
        let on = On {
            topics: vec![Topic::Transition],
            kinds: Vec::new(),
            instances: Vec::new(),
            severity: Severity::Info,
        };
        Destination {
            name: "one".into(),
            route: Route::On(on),
            transport: Arc::new(self.clone()),
            grouping: Grouping::Each,
            ttl: WITHIN,
            timeout: WITHIN,
            remind: None,
        }
    }
}

impl Transport for Inbox {
    fn label(&self) -> String {
        String::new()
    }

    fn medium(&self) -> Medium {
        Medium::Mail
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel, _: &'a dyn Dialogue) -> Work<'a, Outcome> {
        self.0.lock().unwrap().extend(parcel.letters.iter().map(|letter| letter.id.clone()));
        Box::pin(async { Outcome::Delivered { said: String::new() } })
    }

    fn render(&self, _: &Parcel) -> Result<String, String> {
        Ok(String::new())
    }

    fn settings(&self) -> &str {
        ""
    }
}

/// A desk at work, that has heard of a change of state, and does not know yet what is on disk.
struct Site {
    inbox: Inbox,
    /// The id of what it has heard of.
    new: String,
    found: mpsc::UnboundedSender<Found>,
    orders: mpsc::Sender<Order>,
    _bus: Bus,
}

impl Site {
    async fn begin() -> Self {
        let bus = Bus::start(Snapshot::new("h1", Bus::now(), Vec::new()), || ()).unwrap();
        let events = bus.subscribe("desk", Delivery::Durable, 16);
        let mut heard = bus.subscribe("test", Delivery::Durable, 16);
        let (spool, _) = Spool::open(None, Box::new(drop)).unwrap();
        let desk = Desk::new(
            bus.clone(),
            "h1".into(),
            spool,
            watch::Sender::new(Haste::None),
            watch::Sender::new(Vec::new()),
        );
        let (found, finding) = mpsc::unbounded_channel();
        let (orders, inbox_of_orders) = mpsc::channel(16);
        tokio::spawn(desk.run(events, inbox_of_orders, finding));
        let inbox = Inbox::default();
        orders.send(Order::Apply(vec![inbox.destination()])).await.unwrap();
        let kind = EventKind::Transition {
            from: State::Backup,
            to: State::Master,
            reason: Reason::Started,
            initial: false,
            priority: 100,
            steps: Vec::new(),
        };
        bus.publish(Draft { instance: Some("VI_1".into()), severity: Severity::Info, term: 1, kind });
        assert!(bus.flush(WITHIN));
        let new = heard.try_next().unwrap().id.clone();
        Self { inbox, new, found, orders, _bus: bus }
    }

    /// Waits, by the clock of the test, until so many letters have been delivered.
    async fn delivered(&self, count: usize) -> Vec<String> {
        let all = async {
            while self.inbox.ids().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(WITHIN, all).await.unwrap();
        self.inbox.ids()
    }
}

/// A letter about the same instance, of a run before.
fn on_disk() -> Found {
    let mut event = crate::sample::transition().letters[0].event().unwrap().clone();
    event.instance = Some("VI_1".into());
    event.id = "old".to_owned();
    let mut queue = Queue::default();
    queue.put(1, Letter::of_event(&event), SystemTime::now());
    let waiting: Vec<Entry> = queue.waiting().cloned().collect();
    let queues = BTreeMap::from([("one".to_owned(), Queue::restored(waiting, Vec::new(), []))]);
    Found { queues, ..Found::default() }
}

#[tokio::test(start_paused = true)]
async fn what_was_on_disk_goes_before_what_is_new() {
    let site = Site::begin().await;
    tokio::time::sleep(FIRST_LOOK - Duration::from_millis(1)).await;
    assert_eq!(site.inbox.ids(), Vec::<String>::new(), "it is not known what goes first");
    site.found.send(on_disk()).unwrap();
    assert_eq!(site.delivered(2).await, ["old", site.new.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_holds_nothing_up_for_long_and_what_it_held_comes_later() {
    let site = Site::begin().await;
    assert_eq!(site.delivered(1).await, [site.new.as_str()]);
    site.found.send(on_disk()).unwrap();
    assert_eq!(site.delivered(2).await, [site.new.as_str(), "old"]);
}

#[tokio::test(start_paused = true)]
async fn a_silence_of_a_run_before_holds_from_the_first_event_on() {
    let site = Site::begin().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let silence = Silence {
        name: "upgrade".to_owned(),
        instances: Vec::new(),
        destinations: Vec::new(),
        until: SystemTime::now() + WITHIN * 60,
        comment: String::new(),
    };
    site.found.send(Found { silences: vec![silence.clone()], ..Found::default() }).unwrap();
    let untold = async {
        loop {
            let (tell, told) = oneshot::channel();
            site.orders.send(Order::Silences(tell)).await.unwrap();
            let silences = told.await.unwrap();
            assert_eq!(silences.iter().map(|report| &report.silence).collect::<Vec<_>>(), [&silence]);
            if silences[0].untold > 0 {
                return silences[0].untold;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert_eq!(timeout(WITHIN, untold).await.unwrap(), 1);
    assert_eq!(site.inbox.ids(), Vec::<String>::new());
}
