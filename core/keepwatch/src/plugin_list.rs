//! `keepwatch plugin list` and `letters`: the plugins, their figures, and what made them fail.

use std::process::ExitCode;

use keepwatch_control::{Answer, DeadLetter, Done, PluginName, Request};

use crate::cli::{PluginLetters, PluginList};
use crate::terminal::Paint;
use crate::{ask, exit, status};

pub(crate) fn list(arguments: &PluginList) -> ExitCode {
    let answer = ask::ask(&Request::Plugins, |line| {
        if arguments.json {
            return ask::raw(&line);
        }
        let Answer::Plugins(reports) = line.answer else { return None };
        Some(status::table(&reports, Paint::for_output()))
    });
    match answer {
        Ok(text) => ask::printed(&text, exit::OK),
        Err(error) => ask::failed(&error),
    }
}

pub(crate) fn letters(arguments: &PluginLetters) -> ExitCode {
    let plugin = arguments.plugin.clone();
    let answer = ask::ask(&Request::DeadLetters(PluginName { plugin }), |line| match &line.answer {
        Answer::DeadLetters(_) if arguments.json => ask::raw(&line).map(Ok),
        Answer::DeadLetters(letters) => Some(Ok(shown(&arguments.plugin, letters))),
        Answer::Done(Done { refused: Some(why), .. }) => Some(Err(why.clone())),
        _ => None,
    });
    match answer {
        Ok(Ok(text)) => ask::printed(&text, exit::OK),
        Ok(Err(why)) => ask::failed(&why),
        Err(error) => ask::failed(&error),
    }
}

fn shown(plugin: &str, letters: &[DeadLetter]) -> String {
    if letters.is_empty() {
        return format!("No event is kept from {plugin}.\n");
    }
    let line = |letter: &DeadLetter| {
        let DeadLetter { reason, event } = letter;
        let about = event.instance.as_ref().map(|instance| format!("{instance}: ")).unwrap_or_default();
        format!("{}  {about}{}\n    it {reason}\n", event.id, event.kind)
    };
    letters.iter().map(line).collect()
}
