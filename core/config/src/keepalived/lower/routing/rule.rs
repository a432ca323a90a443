//! A policy rule, in the words of ip-rule(8).

use keepwatch_vrrp::Family;

use super::super::super::parser::Statement;
use super::super::super::token::Word;
use super::super::reader::Reader;
use super::Priorities;
use super::iproute::{self, List};
use super::route::PROTOCOL;
use super::words::{Dropped, Words};
use crate::model::{Rule, RuleAction};
use crate::similar::shown;

/// Reads one entry; `None` if keepalived would drop it.
pub(super) fn read(
    entry: &Statement<'_>,
    priorities: &mut Priorities,
    reader: &mut Reader<'_>,
) -> Option<Rule> {
    let mut draft = Draft {
        rule: Rule {
            text: entry.line.raw.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
            family: Family::V4,
            from: None,
            to: None,
            negated: false,
            incoming: None,
            outgoing: None,
            mark: None,
            tos: 0,
            priority: 0,
            action: RuleAction::Nop,
            suppress_prefix_len: None,
            protocol: PROTOCOL,
        },
        family: None,
        priority: None,
        action: None,
        protocol: None,
        is_untracked: false,
    };
    let mut words = Words::new(entry, "rule");
    while let Some(word) = words.next() {
        draft.option(word, &mut words, reader).ok()?;
    }
    draft.complete(entry, priorities, reader)
}

/// What is known of a rule while its words are read.
struct Draft {
    rule: Rule,
    family: Option<Family>,
    priority: Option<u32>,
    action: Option<RuleAction>,
    protocol: Option<u8>,
    is_untracked: bool,
}

impl Draft {
    fn option(
        &mut self,
        word: &Word<'_>,
        words: &mut Words<'_, '_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        match word.text.as_ref() {
            "inet" => words.family(word, Family::V4, &mut self.family, reader)?,
            "inet6" => words.family(word, Family::V6, &mut self.family, reader)?,
            "from" => {
                let value = words.value(reader)?;
                self.rule.from = words.network(value, &mut self.family, reader)?;
            }
            "to" => {
                let value = words.value(reader)?;
                self.rule.to = words.network(value, &mut self.family, reader)?;
            }
            "not" => self.rule.negated = true,
            "dev" | "iif" => self.rule.incoming = Some(words.device(reader)?),
            "oif" => self.rule.outgoing = Some(words.device(reader)?),
            "fwmark" => self.rule.mark = Some(mark(words, reader)?),
            "tos" | "dsfield" => self.rule.tos = words.named(List::DsField, reader)?,
            "preference" | "priority" | "order" => self.priority = Some(words.number(u32::MAX, reader)?),
            "suppress_prefixlength" | "sup_pl" => {
                self.rule.suppress_prefix_len = Some(words.number(i32::MAX.unsigned_abs(), reader)?);
            }
            "protocol" => self.protocol = Some(words.named(List::Protocols, reader)?),
            "no_track" => self.is_untracked = true,
            "track_group" => {
                words.unsupported(word, reader);
                words.value(reader)?;
            }
            "table" | "lookup" => {
                let table = words.table(reader)?;
                if table == 0 {
                    return Err(words.drop(word, "a rule cannot ask table 0".to_owned(), "", reader));
                }
                self.act(RuleAction::Table(table), word, words, reader)?;
            }
            // Without these it would be a rule for other packets.
            "realms" | "suppress_ifgroup" | "sup_group" | "tunnel-id" | "uidrange" | "l3mdev" | "ipproto"
            | "sport" | "dport" => return Err(words.refuse(word, reader)),
            _ => self.other_action(word, words, reader)?,
        }
        Ok(())
    }

    /// `[type] goto NUMBER`, `nop`, `blackhole` and the like.
    fn other_action(
        &mut self,
        word: &Word<'_>,
        words: &mut Words<'_, '_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        let word = if word.text == "type" { words.value(reader)? } else { word };
        let action = match word.text.as_ref() {
            "goto" => RuleAction::Goto(words.number(u32::MAX, reader)?),
            "nop" => RuleAction::Nop,
            "blackhole" => RuleAction::Blackhole,
            "unreachable" => RuleAction::Unreachable,
            "prohibit" => RuleAction::Prohibit,
            other => {
                return Err(words.drop(word, format!("{} is no word of a rule", shown(other)), "", reader));
            }
        };
        self.act(action, word, words, reader)
    }

    fn act(
        &mut self,
        action: RuleAction,
        word: &Word<'_>,
        words: &Words<'_, '_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        if self.action.is_some() {
            let message = "a rule does one thing only".to_owned();
            return Err(words.drop(word, message, "this is the second", reader));
        }
        self.action = Some(action);
        Ok(())
    }

    fn complete(
        mut self,
        entry: &Statement<'_>,
        priorities: &mut Priorities,
        reader: &mut Reader<'_>,
    ) -> Option<Rule> {
        let span = &entry.line.span;
        let Some(action) = self.action else {
            reader.survived(
                span,
                "a rule that does nothing",
                "`table` or the like is missing",
                "leaves it out",
            );
            return None;
        };
        if !matches!(action, RuleAction::Table(_)) && self.rule.suppress_prefix_len.is_some() {
            reader.survived(
                span,
                "`suppress_prefixlength` goes with `table` only",
                "",
                "leaves the rule out",
            );
            return None;
        }
        if let RuleAction::Goto(target) = action
            && self.priority.is_none_or(|priority| priority >= target)
        {
            let message = "`goto` needs a lower `priority` than it goes to";
            reader.survived(span, message, "", "leaves the rule out");
            return None;
        }
        if self.protocol.is_some_and(|protocol| protocol != PROTOCOL) && !self.is_untracked {
            let message = "a rule that is tracked is keepalived's: `protocol` goes with `no_track`";
            reader.survived(span, message, "", "uses protocol 18");
            self.protocol = None;
        }
        let family = self.family.unwrap_or(Family::V4);
        let next = match family {
            Family::V4 => &mut priorities.v4,
            Family::V6 => &mut priorities.v6,
        };
        let priority = self.priority.unwrap_or_else(|| {
            let priority = *next;
            *next = next.saturating_sub(1);
            let outcome = format!("uses {priority}");
            reader.survived(span, "a rule without priority", "write `priority` and a number", &outcome);
            priority
        });
        let protocol = self.protocol.unwrap_or(PROTOCOL);
        Some(Rule { family, priority, action, protocol, ..self.rule })
    }
}

/// `MARK` or `MARK/MASK`.
fn mark(words: &mut Words<'_, '_>, reader: &mut Reader<'_>) -> Result<(u32, u32), Dropped> {
    let word = words.value(reader)?;
    let read = match word.text.split_once('/') {
        Some((mark, mask)) => iproute::plain(mark).zip(iproute::plain(mask)),
        None => iproute::plain(&word.text).map(|mark| (mark, u32::MAX)),
    };
    read.ok_or_else(|| words.drop(word, format!("{} is no mark", shown(&word.text)), "", reader))
}
