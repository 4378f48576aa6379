//! The scripts, each rendered once: flags, keys, the parts it shares with others, its own text.

use redis::Script;

use crate::keys;

/// What a script may do when Redis has reached its memory limit.
#[derive(Clone, Copy)]
enum WhenFull {
    /// New work is refused before anything is written.
    Refuse,
    /// Work that is there already goes on, so that memory comes free.
    GoOn,
}

/// Text shared by scripts. Each part needs those before it in [`PARTS`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Record,
    Ready,
    Feed,
    Ledger,
    Ending,
    Keyed,
    Store,
    Gate,
    Running,
    Pause,
    Quota,
    Allowance,
    Walk,
    Redrive,
    Discard,
    Plan,
}

const PARTS: [(Part, &str); 16] = [
    (Part::Record, include_str!("../lua/parts/record.lua")),
    (Part::Ready, include_str!("../lua/parts/ready.lua")),
    (Part::Feed, include_str!("../lua/parts/feed.lua")),
    (Part::Ledger, include_str!("../lua/parts/ledger.lua")),
    (Part::Ending, include_str!("../lua/parts/ending.lua")),
    (Part::Keyed, include_str!("../lua/parts/keyed.lua")),
    (Part::Store, include_str!("../lua/parts/store.lua")),
    (Part::Gate, include_str!("../lua/parts/gate.lua")),
    (Part::Running, include_str!("../lua/parts/running.lua")),
    (Part::Pause, include_str!("../lua/parts/pause.lua")),
    (Part::Quota, include_str!("../lua/parts/quota.lua")),
    (Part::Allowance, include_str!("../lua/parts/allowance.lua")),
    (Part::Walk, include_str!("../lua/parts/walk.lua")),
    (Part::Redrive, include_str!("../lua/parts/redrive.lua")),
    (Part::Discard, include_str!("../lua/parts/discard.lua")),
    (Part::Plan, include_str!("../lua/parts/plan.lua")),
];

/// Declares the scripts: name, file, whether it goes on when Redis is full, parts it needs.
macro_rules! scripts {
    ($($name:ident: $file:literal, $when_full:ident, [$($part:ident),*];)*) => {
        /// One script per transition.
        #[derive(Debug)]
        pub(crate) struct Scripts {
            $(pub(crate) $name: Script,)*
        }

        impl Scripts {
            pub(crate) fn render() -> Self {
                Self {
                    $($name: Script::new(&source(
                        include_str!(concat!("../lua/", $file)),
                        WhenFull::$when_full,
                        &[$(Part::$part),*],
                    )),)*
                }
            }
        }
    };
}

scripts! {
    enqueue: "enqueue.lua", Refuse, [Record, Ready, Feed, Ledger, Ending, Store];
    accept: "accept.lua", Refuse, [Record, Ready, Feed, Ledger, Ending, Store];
    claim: "claim.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Gate, Running, Quota, Allowance];
    settle: "settle.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Gate, Running];
    promote: "promote.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Gate, Pause, Running, Quota, Allowance];
    reclaim: "reclaim.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Running];
    beat: "beat.lua", GoOn, [Record];
    leave: "leave.lua", GoOn, [Record, Running];
    unclaim: "unclaim.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Running];
    wake: "wake.lua", GoOn, [Record, Ready, Feed, Ledger, Ending];
    redrive: "redrive.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Redrive];
    discard: "discard.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Discard];
    read: "read.lua", GoOn, [Record, Ready, Feed, Ledger, Ending];
    report: "report.lua", GoOn, [Record, Gate, Quota];
    open: "open.lua", GoOn, [Record, Ready, Gate];
    pause: "pause.lua", GoOn, [Record];
    resume: "resume.lua", GoOn, [Record, Ready, Gate, Pause];
    limits: "limits.lua", GoOn, [Record, Ready];
    forget: "forget.lua", GoOn, [Record, Ready];
    spend: "spend.lua", GoOn, [Record, Gate, Quota];
    budget: "budget.lua", GoOn, [Record, Ready, Running, Quota];
    unreadable: "unreadable.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Gate, Running];
    permit: "permit.lua", GoOn, [Record];
    receive: "receive.lua", Refuse, [Record, Ready, Feed, Ledger, Ending, Store];
    replay: "replay.lua", Refuse, [Record, Ready, Feed, Ledger, Ending, Store];
    react: "react.lua", GoOn, [Record];
    mark: "mark.lua", GoOn, [Record];
    note_known: "note_known.lua", GoOn, [Record];
    note: "note.lua", GoOn, [Record, Feed, Ledger];
    decide: "decide.lua", GoOn, [Record, Ready, Feed, Ledger, Ending];
    open_results: "open_results.lua", GoOn, [Walk];
    dead_letters: "dead_letters.lua", GoOn, [Record, Walk];
    depths: "depths.lua", GoOn, [Record, Ready];
    plan_make: "plan_make.lua", Refuse, [Record, Plan];
    plan_start: "plan_start.lua", GoOn, [Record, Plan];
    plan_stop: "plan_stop.lua", GoOn, [Record, Plan];
    plan_step: "plan_step.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Redrive, Discard, Plan];
    replace_payloads: "replace_payloads.lua", Refuse, [Record];
    explain: "explain.lua", GoOn, [Record, Ready, Feed, Ledger, Ending, Keyed, Gate, Running, Quota, Allowance];
}

fn source(body: &str, when_full: WhenFull, needed: &[Part]) -> String {
    let flags = match when_full {
        WhenFull::Refuse => "",
        WhenFull::GoOn => " flags=allow-oom",
    };
    let parts = PARTS.iter().filter(|(part, _)| needed.contains(part));
    let parts: String = parts.map(|(_, text)| *text).collect();
    format!("#!lua{flags}\n{}", keys::spelled_out(&(parts + body)))
}
