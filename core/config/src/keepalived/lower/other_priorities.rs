//! `lower_prio_no_advert` and `higher_prio_send_advert`: what a MASTER says to adverts of other priorities.

use keepwatch_vrrp::{HigherAdverts, LowerAdverts};

use super::super::parser::Statement;
use super::At;
use super::globals::Defaults;
use super::reader::Reader;

/// What an instance says of them itself.
#[derive(Debug, Default)]
pub(super) struct OtherPriorities {
    lower_prio_no_advert: Option<At<bool>>,
    higher_prio_send_advert: Option<At<bool>>,
}

impl OtherPriorities {
    pub(super) fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(value) = reader.switch(statement) else { return };
        let written = Some(At { value, span: statement.line.span.clone() });
        match statement.keyword() {
            "lower_prio_no_advert" => self.lower_prio_no_advert = written,
            _ => self.higher_prio_send_advert = written,
        }
    }

    /// What holds.
    pub(super) fn settled(&self, defaults: &Defaults) -> (LowerAdverts, HigherAdverts) {
        let says = |written: &Option<At<bool>>, default| written.as_ref().map_or(default, |at| at.value);
        let is_silent = says(&self.lower_prio_no_advert, defaults.lower_prio_no_advert);
        let answers = says(&self.higher_prio_send_advert, defaults.higher_prio_send_advert);
        (
            if is_silent { LowerAdverts::Ignore } else { LowerAdverts::Answer },
            if answers { HigherAdverts::AnswerAndYield } else { HigherAdverts::Yield },
        )
    }

    /// What holds under `vrrp_strict`, whatever is written. What stands in global_defs keepalived overrides without a word.
    pub(super) fn strict(&self, reader: &mut Reader<'_>) -> (LowerAdverts, HigherAdverts) {
        if let Some(at) = self.lower_prio_no_advert.as_ref().filter(|at| !at.value) {
            let message = "`vrrp_strict` forbids answers to lower adverts";
            reader.survived(&at.span, message, "", "does not answer them");
        }
        if let Some(at) = self.higher_prio_send_advert.as_ref().filter(|at| at.value) {
            let message = "`vrrp_strict` forbids `higher_prio_send_advert`";
            reader.survived(&at.span, message, "", "yields without an advert");
        }
        (LowerAdverts::Ignore, HigherAdverts::Yield)
    }
}
