//! `keepwatch explain`: what would have to happen for this host to become MASTER, or to stop being it.

mod backup;
mod hindered;
mod master;
mod priority;
mod render;

use std::process::ExitCode;

use keepwatch_control::{Answer, Done, ExplainRequest, Request};

use crate::cli::Explain;
use crate::terminal::Paint;
use crate::{ask, exit};

pub(crate) fn explain(arguments: &Explain) -> ExitCode {
    let which = ExplainRequest { instance: arguments.instance.clone() };
    let answer = ask::ask(&Request::Explain(which), |line| match &line.answer {
        Answer::Explanation(_) if arguments.json => ask::raw(&line).map(Ok),
        Answer::Explanation(explanation) => Some(Ok(render::render(explanation, Paint::for_output()))),
        Answer::Done(Done { refused: Some(why), .. }) => Some(Err(why.clone())),
        _ => None,
    });
    match answer {
        Ok(Ok(text)) => ask::printed(&text, exit::OK),
        Ok(Err(why)) => ask::failed(&why),
        Err(error) => ask::failed(&error),
    }
}
