//! What authors of plugins need: a start ([`start`]), a build ([`component`]), a trial ([`Trial`]) and a measurement.
//! The words on the terminal are the program's; here is what they are about.

mod build;
mod effects;
mod measure;
mod occasion;
mod project;
mod trial;

pub use build::{Built, component};
pub use measure::{Failed, Figures, measure};
pub use occasion::{occasion, recorded};
pub use project::{Language, Role, start};
pub use trial::{Outside, Shown, Told, Trial, compile};
