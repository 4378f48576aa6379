//! The scripts, each rendered once: flags, keys, what they share, their own text.

use redis::Script;

use crate::keys;

/// One script per transition.
#[derive(Debug)]
pub(crate) struct Scripts {
    pub(crate) enqueue: Script,
    pub(crate) accept: Script,
    pub(crate) claim: Script,
    pub(crate) settle: Script,
    pub(crate) promote: Script,
    pub(crate) reclaim: Script,
    pub(crate) beat: Script,
    pub(crate) leave: Script,
    pub(crate) unclaim: Script,
    pub(crate) wake: Script,
    pub(crate) redrive: Script,
    pub(crate) discard: Script,
    pub(crate) read: Script,
}

/// What a script may do when Redis has reached its memory limit.
#[derive(Clone, Copy)]
enum WhenFull {
    /// New work is refused before anything is written.
    Refuse,
    /// Work that is there already goes on, so that memory comes free.
    GoOn,
}

impl Scripts {
    pub(crate) fn render() -> Self {
        let render = |body: &str, when_full| Script::new(&source(body, when_full));
        Self {
            enqueue: render(include_str!("../lua/enqueue.lua"), WhenFull::Refuse),
            accept: render(include_str!("../lua/accept.lua"), WhenFull::Refuse),
            claim: render(include_str!("../lua/claim.lua"), WhenFull::GoOn),
            settle: render(include_str!("../lua/settle.lua"), WhenFull::GoOn),
            promote: render(include_str!("../lua/promote.lua"), WhenFull::GoOn),
            reclaim: render(include_str!("../lua/reclaim.lua"), WhenFull::GoOn),
            beat: render(include_str!("../lua/beat.lua"), WhenFull::GoOn),
            leave: render(include_str!("../lua/leave.lua"), WhenFull::GoOn),
            unclaim: render(include_str!("../lua/unclaim.lua"), WhenFull::GoOn),
            wake: render(include_str!("../lua/wake.lua"), WhenFull::GoOn),
            redrive: render(include_str!("../lua/redrive.lua"), WhenFull::GoOn),
            discard: render(include_str!("../lua/discard.lua"), WhenFull::GoOn),
            read: render(include_str!("../lua/read.lua"), WhenFull::GoOn),
        }
    }
}

fn source(body: &str, when_full: WhenFull) -> String {
    let flags = match when_full {
        WhenFull::Refuse => "",
        WhenFull::GoOn => " flags=allow-oom",
    };
    format!(
        "#!lua{flags}\n{}{}{body}",
        keys::lua_table(),
        include_str!("../lua/prelude.lua")
    )
}
