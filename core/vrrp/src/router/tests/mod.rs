//! Every (state, input) pair, with literal times and the ordered actions. Rows are named state/input/case.

mod addresses;
mod adverts;
mod announcing;
mod conditions;
mod contests;
mod leaving;
mod outlook;
mod rig;
mod start_and_stop;
mod timing;
mod update;
