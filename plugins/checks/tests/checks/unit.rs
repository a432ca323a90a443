//! Units of a systemd that the test plays, on a bus of its own.

use std::sync::{Arc, Mutex};

use keepwatch_checks::{Check, UnitCheck};
use keepwatch_event::Health;
use keepwatch_host::Native;
use tokio::net::UnixListener;
use zbus::connection::Builder;
use zbus::{Connection, Guid, fdo, interface};

use crate::support::{Folder, HASTY, PATIENT, assert_verdict};

/// What the bus itself does for those who connect.
struct Bus;

#[interface(name = "org.freedesktop.DBus")]
impl Bus {
    fn hello(&self) -> String {
        ":1.7".to_owned()
    }
}

/// A unit: how it is loaded, active, and what more.
struct Unit(Arc<Mutex<[&'static str; 3]>>);

#[interface(name = "org.freedesktop.systemd1.Unit")]
impl Unit {
    #[zbus(property)]
    fn load_state(&self) -> fdo::Result<String> {
        Ok(self.0.lock().unwrap()[0].to_owned())
    }

    #[zbus(property)]
    fn active_state(&self) -> fdo::Result<String> {
        match self.0.lock().unwrap()[1] {
            "denied" => Err(fdo::Error::AccessDenied("no".to_owned())),
            "unknown" => Err(fdo::Error::ServiceUnknown("no".to_owned())),
            state => Ok(state.to_owned()),
        }
    }

    #[zbus(property)]
    fn sub_state(&self) -> fdo::Result<String> {
        Ok(self.0.lock().unwrap()[2].to_owned())
    }
}

/// A bus with one unit, `web.service`. Gives its connections, which end when they are dropped.
fn serve(listener: UnixListener, state: &Arc<Mutex<[&'static str; 3]>>) -> Arc<Mutex<Vec<Connection>>> {
    let connections = Arc::<Mutex<Vec<Connection>>>::default();
    let (kept, state) = (Arc::clone(&connections), Arc::clone(state));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = Builder::unix_stream(stream.into_std().unwrap())
                .server(Guid::generate())
                .p2p()
                .serve_at("/org/freedesktop/DBus", Bus)
                .serve_at("/org/freedesktop/systemd1/unit/web_2eservice", Unit(Arc::clone(&state)))
                .build()
                .await;
            kept.lock().unwrap().push(connection.unwrap());
        }
    });
    connections
}

async fn says(native: &Native, health: Health, text: &str) {
    assert_verdict(&native.probe.probe(PATIENT).await, health, text);
}

#[tokio::test]
async fn a_unit_in_all_its_states() {
    let folder = Folder::new("unit");
    let bus = folder.path("bus");
    let state = Arc::new(Mutex::new(["loaded", "active", "running"]));
    let connections = serve(UnixListener::bind(&bus).unwrap(), &state);
    let check = Check::Unit(UnitCheck { bus, ..UnitCheck::new("web") });
    assert_eq!(check.label(), "unit web");
    let native = check.native();
    let table = [
        (["loaded", "active", "running"], Health::Pass, "web.service is active"),
        (["loaded", "reloading", "reload"], Health::Pass, "web.service is reloading"),
        (["loaded", "inactive", "dead"], Health::Fail, "web.service is inactive, not active"),
        (["loaded", "failed", "failed"], Health::Fail, "web.service is failed, not active"),
        (
            ["loaded", "activating", "start-pre"],
            Health::Fail,
            "web.service is activating (start-pre), not active",
        ),
        (["not-found", "inactive", "dead"], Health::Fail, "web.service does not exist"),
        (
            ["loaded", "denied", ""],
            Health::Unknown,
            "systemd cannot be asked for web.service: access is denied",
        ),
        (
            ["loaded", "unknown", ""],
            Health::Unknown,
            "systemd cannot be asked for web.service: it is not on the bus",
        ),
    ];
    for (now, health, text) in table {
        *state.lock().unwrap() = now;
        says(&native, health, text).await;
    }
    *state.lock().unwrap() = ["loaded", "active", "running"];
    says(&native, Health::Pass, "web.service is active").await;
    let before = connections.lock().unwrap().len();
    says(&native, Health::Pass, "web.service is active").await;
    assert_eq!(connections.lock().unwrap().len(), before, "the connection is kept");
    let gone = std::mem::take(&mut *connections.lock().unwrap());
    for connection in gone {
        connection.close().await.unwrap();
    }
    says(&native, Health::Pass, "web.service is active").await;
    assert_eq!(connections.lock().unwrap().len(), 1, "and made anew when the bus was");
}

#[tokio::test]
async fn without_a_bus() {
    let folder = Folder::new("unit-none");
    let bus = folder.path("bus");
    let shown = bus.display().to_string();
    let native = Check::Unit(UnitCheck { bus: bus.clone(), ..UnitCheck::new("web.service") }).native();
    says(&native, Health::Unknown, &format!("systemd cannot be asked: {shown}: there is no D-Bus")).await;
    let listener = UnixListener::bind(&bus).unwrap();
    let verdict = native.probe.probe(HASTY).await;
    assert_verdict(&verdict, Health::Unknown, "systemd did not answer within 200 ms");
    drop(listener);
    says(&native, Health::Unknown, &format!("systemd cannot be asked: {shown}: Connection refused")).await;
}
