//! What a plugin may try, how each of it ends, and what shows that it does: `docs/plugins/hostile.md` is made of this.

use std::fmt::Write as _;

use super::bombs::{BOMBS, CROWDS};

/// Something that a plugin may try.
pub struct Behaviour {
    /// Counts from 1.
    pub number: u8,
    /// Its name.
    pub slug: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What becomes of it.
    pub ends: &'static str,
    /// Played by the table's own test, beside a tenant who must not notice.
    pub played: &'static [&'static [Play]],
    /// Tests elsewhere that show more of it.
    pub shown: &'static [Proof],
}

/// How a behaviour is played.
pub enum Play {
    /// The guest of this name under `guests/`, which says itself how it ends.
    Guest(&'static str),
    /// What the plugin `hostile` does when it is asked to, and how that ends: in one way, or one of several.
    Misdeed(&'static str, &'static str),
    /// A file that is not taken: what it is, itself, and a word of the reason.
    File(&'static str, fn() -> Vec<u8>, &'static str),
}

/// A test elsewhere. That it holds the function keeps it from going unnoticed.
pub struct Proof {
    /// Its path.
    pub test: &'static str,
    /// Itself.
    pub _function: fn(),
}

macro_rules! proof {
    ($test:path) => {
        Proof {
            test: stringify!($test),
            _function: $test,
        }
    };
}

use Play::{Guest, Misdeed};

/// Every one.
pub const BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        number: 1,
        slug: "endless-handler",
        does: "never answers a request",
        ends: "504 `plugin-timeout` when its computing time is used up",
        played: &[&[Guest("endless-handler"), Misdeed("spin", "plugin-timeout")]],
        shown: &[proof!(crate::sandbox::others_are_served_while_a_guest_spins)],
    },
    Behaviour {
        number: 2,
        slug: "endless-start",
        does: "never ends to start",
        ends: "504 `plugin-timeout`: the limits are in place before any of its code runs",
        played: &[&[Guest("endless-start")]],
        shown: &[],
    },
    Behaviour {
        number: 3,
        slug: "endless-allocator",
        does: "never ends to make room for what the host hands over",
        ends: "504 `plugin-timeout`",
        played: &[&[Guest("endless-realloc")]],
        shown: &[],
    },
    Behaviour {
        number: 4,
        slug: "endless-cleaning",
        does: "never ends to clean up after its answer, or after a resource",
        ends: "504 `plugin-timeout`",
        played: &[&[Guest("endless-post-return"), Guest("endless-destructor")]],
        shown: &[],
    },
    Behaviour {
        number: 5,
        slug: "recursion",
        does: "calls itself without end",
        ends: "502 `plugin-trap`: guests have a stack of their own",
        played: &[&[Guest("recursion-without-end"), Misdeed("recurse", "plugin-trap")]],
        shown: &[],
    },
    Behaviour {
        number: 6,
        slug: "memory-to-the-end",
        does: "takes all the memory that it can get",
        ends: "gets no more than its limit; 502 `plugin-limit` if it can't do with it",
        played: &[&[Guest("memory-to-the-end"), Misdeed("allocate", "plugin-limit")]],
        shown: &[],
    },
    Behaviour {
        number: 7,
        slug: "table-to-the-end",
        does: "grows a table without end, or comes with one that is too large or counts in 64 bits",
        ends: "gets no more than its limit; the file is refused",
        played: &[&[
            Guest("table-to-the-end"),
            Guest("table-too-large"),
            Guest("table-of-64-bits"),
        ]],
        shown: &[],
    },
    Behaviour {
        number: 8,
        slug: "crowd",
        does: "is made of a thousand instances, or of many memories that are each allowed",
        ends: "the file is refused",
        played: &[CROWDS],
        shown: &[],
    },
    Behaviour {
        number: 9,
        slug: "bulk-fill",
        does: "fills all of its memory again and again, by single instructions",
        ends: "504 `plugin-timeout`",
        played: &[&[Guest("bulk-fill")]],
        shown: &[],
    },
    Behaviour {
        number: 10,
        slug: "sleeper",
        does: "waits in the host for what never comes",
        ends: "504 `plugin-timeout` by the clock; a service that does not answer is an error to it",
        played: &[&[Guest("sleeps-for-ever")]],
        shown: &[proof!(
            crate::outbound::an_answer_that_never_ends_or_never_comes_is_an_error
        )],
    },
    Behaviour {
        number: 11,
        slug: "calls-without-end",
        does: "calls the host a million times",
        ends: "502 `plugin-limit`",
        played: &[&[Misdeed("call-without-end", "plugin-limit")]],
        shown: &[proof!(
            crate::wasi::whoever_uses_it_without_end_meets_a_limit
        )],
    },
    Behaviour {
        number: 12,
        slug: "string-of-a-gigabyte",
        does: "hands over more than a call may pass",
        ends: "502 `plugin-limit`, or `plugin-trap` where it does not have the bytes",
        played: &[&[Guest("string-of-a-gigabyte")]],
        shown: &[],
    },
    Behaviour {
        number: 13,
        slug: "list-of-one-string",
        does: "hands over a list whose elements are all the same long string",
        ends: "502 `plugin-limit`: each counts",
        played: &[&[Guest("list-of-one-string")]],
        shown: &[],
    },
    Behaviour {
        number: 14,
        slug: "forms-without-end",
        does: "hands records over to another plugin that take more room in the host than in its memory",
        ends: "502 `plugin-limit`: names of fields count",
        played: &[&[Guest("forms-without-end")]],
        shown: &[],
    },
    Behaviour {
        number: 15,
        slug: "huge-answer",
        does: "answers with more than it may, or than it has",
        ends: "502 `plugin-limit` or `plugin-trap`",
        played: &[&[Guest("answer-beyond-memory"), Misdeed("huge-answer", "plugin-limit")]],
        shown: &[],
    },
    Behaviour {
        number: 16,
        slug: "passes-without-end",
        does: "hands over much in each of many calls",
        ends: "502 `plugin-limit`: what passes is counted by request, too; 504 `plugin-timeout` where that takes long",
        played: &[&[Misdeed("pass-without-end", "plugin-limit or plugin-timeout")]],
        shown: &[],
    },
    Behaviour {
        number: 17,
        slug: "broken-strings",
        does: "hands over text that is none, and lists and strings that lie outside of its memory",
        ends: "502 `plugin-trap`",
        played: &[&[
            Guest("answer-nowhere"),
            Guest("list-out-of-bounds"),
            Guest("string-out-of-bounds"),
            Guest("no-unicode"),
            Guest("lone-surrogate"),
        ]],
        shown: &[],
    },
    Behaviour {
        number: 18,
        slug: "odd-encodings",
        does: "says in a wrong way that its strings are not UTF-8",
        ends: "502 `plugin-trap`",
        played: &[&[Guest("misaligned-utf16"), Guest("tagged-length")]],
        shown: &[],
    },
    Behaviour {
        number: 19,
        slug: "impossible-values",
        does: "hands over cases, characters and flags that there are not",
        ends: "502 `plugin-trap`; unknown flags count as not set",
        played: &[&[
            Guest("no-such-level"),
            Guest("no-such-outcome"),
            Guest("no-such-character"),
            Guest("undefined-flags"),
        ]],
        shown: &[],
    },
    Behaviour {
        number: 20,
        slug: "impossible-headers",
        does: "answers or asks with too many headers, too long ones, the host's own, or ones that would split the message",
        ends: "502 `plugin-invalid-output`; a request to a service is not sent, and the plugin is told `invalid`",
        played: &[&[
            Guest("headers-without-end"),
            Guest("own-content-length"),
            Misdeed("split-header", "plugin-invalid-output"),
        ]],
        shown: &[proof!(
            crate::outbound::what_manifest_operator_and_bounds_do_not_allow_is_not_sent
        )],
    },
    Behaviour {
        number: 21,
        slug: "resources-without-end",
        does: "makes resources of its own without end",
        ends: "502 `plugin-trap`",
        played: &[&[Guest("resources-without-end")]],
        shown: &[],
    },
    Behaviour {
        number: 22,
        slug: "handles-without-end",
        does: "keeps things of the host's without end",
        ends: "502 `plugin-trap`: handles are as few as for its own",
        played: &[&[Guest("handles-without-end")]],
        shown: &[proof!(
            crate::wasi::whoever_uses_it_without_end_meets_a_limit
        )],
    },
    Behaviour {
        number: 23,
        slug: "wrong-handles",
        does: "uses handles that it gave back, never had, or has to something else",
        ends: "502 `plugin-trap`",
        played: &[&[
            Guest("handle-dropped-twice"),
            Guest("handle-never-had"),
            Guest("handle-of-another-kind"),
        ]],
        shown: &[],
    },
    Behaviour {
        number: 24,
        slug: "endless-randomness",
        does: "asks for more random bytes than there is memory",
        ends: "502 `plugin-limit` or `plugin-trap`",
        played: &[&[Guest("endless-randomness")]],
        shown: &[],
    },
    Behaviour {
        number: 25,
        slug: "unknown-imports",
        does: "wants interfaces that nobody has, such as files",
        ends: "the file is refused, and the import named",
        played: &[&[Guest("unknown-import"), Guest("opens-files")]],
        shown: &[proof!(
            crate::capability::an_import_that_the_manifest_does_not_ask_for_is_refused
        )],
    },
    Behaviour {
        number: 26,
        slug: "sockets",
        does: "wants sockets, or the addresses of names",
        ends: "the file is refused: there is nothing to link",
        played: &[&[Guest("sockets"), Guest("resolves-names")]],
        shown: &[],
    },
    Behaviour {
        number: 27,
        slug: "forbidden-addresses",
        does: "sends requests to the host itself or to its network, however the address is written, or by a redirect",
        ends: "the plugin is told `unreachable`, after names were looked up; redirects are not followed",
        played: &[],
        shown: &[
            proof!(crate::outbound::an_address_that_is_not_public_needs_the_operators_word),
            proof!(crate::outbound::a_redirect_is_an_answer_and_not_followed),
        ],
    },
    Behaviour {
        number: 28,
        slug: "endless-services",
        does: "has a service that answers without end, too slowly, or not at all",
        ends: "the plugin is told `limit` or `unknown`; nothing is unpacked",
        played: &[],
        shown: &[proof!(
            crate::outbound::an_answer_that_never_ends_or_never_comes_is_an_error
        )],
    },
    Behaviour {
        number: 29,
        slug: "guesses",
        does: "guesses names and ids of what is another plugin's or another tenant's",
        ends: "the plugin is told `denied`, `invalid` or nothing; tenants have databases of their own",
        played: &[&[
            Misdeed("foreign-collection", "refused"),
            Misdeed("guess", "refused"),
            Misdeed("unlisted-event", "refused"),
        ]],
        shown: &[
            proof!(crate::transaction::tenants_see_nothing_of_each_other),
            proof!(crate::grants::each_interface_is_there_for_whom_it_is_granted_to_alone),
        ],
    },
    Behaviour {
        number: 30,
        slug: "statements",
        does: "writes statements of the database wherever text may stand",
        ends: "they are text, or the plugin is told `invalid`",
        played: &[&[
            Misdeed("impossible-query", "refused"),
            Misdeed("inject", "fine"),
        ]],
        shown: &[],
    },
    Behaviour {
        number: 31,
        slug: "circle",
        does: "calls another plugin that calls it, or one of many in a row",
        ends: "a circle is refused; eight calls deep is 502 `plugin-limit`",
        played: &[&[Guest("answers-the-door"), Guest("answers-the-gate")]],
        shown: &[proof!(super::chain::calls_nest_so_deep_and_no_deeper)],
    },
    Behaviour {
        number: 32,
        slug: "calls-itself",
        does: "calls itself by way of the host",
        ends: "the file is refused: nobody uses what they provide",
        played: &[&[Guest("calls-itself")]],
        shown: &[],
    },
    Behaviour {
        number: 33,
        slug: "log-flood",
        does: "logs without end, and what looks like lines of the host's",
        ends: "cut after 64 KiB of a request; control characters are escaped, and each line says whose it is",
        played: &[&[Misdeed("flood-log", "fine")]],
        shown: &[
            proof!(crate::wasi::the_log_of_a_flood_is_cut),
            proof!(crate::wasi::what_is_printed_becomes_lines_of_the_plugins_log),
        ],
    },
    Behaviour {
        number: 34,
        slug: "writes-without-end",
        does: "stores, raises and sends without end",
        ends: "422 `too-much`; beyond its share of the tenant the plugin is told `limit`",
        played: &[&[Misdeed("write-without-end", "too-much")]],
        shown: &[
            proof!(crate::sandbox::writing_without_end_meets_a_limit_and_leaves_nothing),
            proof!(crate::shares::what_is_stored_is_measured_before_it_is_refused),
            proof!(crate::shares::events_and_requests_outside_have_a_rate),
        ],
    },
    Behaviour {
        number: 35,
        slug: "leftovers",
        does: "looks through its memory for what another one left",
        ends: "finds nothing in 10,000 turns of two tenants",
        played: &[&[Guest("looks-for-leftovers")]],
        shown: &[proof!(super::nobody_finds_what_another_left_behind)],
    },
    Behaviour {
        number: 36,
        slug: "timer",
        does: "makes a fine timer of the clock, to listen to the processor",
        ends: "the clock tells whole milliseconds; what can be heard without one is not kept from it",
        played: &[&[Guest("clock-as-a-timer")]],
        shown: &[],
    },
    Behaviour {
        number: 37,
        slug: "always-fails",
        does: "fails in every call",
        ends: "502, then 503 `plugin-quarantined` for those for whom it fails; a new version makes room",
        played: &[&[Misdeed("crash", "plugin-trap")]],
        shown: &[
            proof!(crate::quarantine::a_failing_plugin_is_kept_from_one_tenant_and_comes_back_by_a_trial),
            proof!(crate::quarantine::what_fails_for_as_many_callers_as_it_serves_is_kept_from_all_of_the_tenant),
            proof!(crate::quarantine::one_client_with_a_poisoned_request_takes_the_plugin_from_nobody_else),
            proof!(crate::quarantine::a_young_version_that_fails_as_many_tenants_as_it_serves_makes_room_under_load),
        ],
    },
    Behaviour {
        number: 38,
        slug: "nonsense",
        does: "answers impossible statuses and amounts",
        ends: "502 `plugin-invalid-output`; amounts are judged by whoever asked, and an extension point that tells nonsense counts as absent",
        played: &[&[Misdeed("impossible-status", "plugin-invalid-output")]],
        shown: &[proof!(crate::orders::a_tax_that_makes_no_sense_is_nobodys_price)],
    },
    Behaviour {
        number: 39,
        slug: "memories",
        does: "keeps something from one request to the next",
        ends: "each request has a fresh instance",
        played: &[],
        shown: &[
            proof!(crate::sandbox::a_fresh_instance_remembers_nothing),
            proof!(crate::capability::reused_instances_stay_with_their_tenant),
        ],
    },
    Behaviour {
        number: 40,
        slug: "no-plugins",
        does: "is compiled code, text, half a file, a zip file, 200 MiB, or two things at once",
        ends: "422 `plugin-refused`; 413 `body-too-large`",
        played: &[],
        shown: &[
            proof!(super::bombs::what_is_no_component_is_refused),
            proof!(crate::platform::hostile::h40_what_is_no_plugin_is_refused),
        ],
    },
    Behaviour {
        number: 41,
        slug: "bombs",
        does: "would keep a compiler busy",
        ends: "the file is refused by its structure; the compiler is a process with limits of its own",
        played: &[BOMBS],
        shown: &[],
    },
    Behaviour {
        number: 42,
        slug: "other-bytes",
        does: "has the name and version of another file, a wrong signature, or one by a revoked key",
        ends: "409 or 422; it is not loaded",
        played: &[],
        shown: &[
            proof!(crate::platform::hostile::h42_other_bytes_wrong_signatures_and_revoked_keys_are_refused),
            proof!(crate::platform::hostile::h42_an_older_version_is_no_upgrade),
        ],
    },
    Behaviour {
        number: 43,
        slug: "silent-growth",
        does: "asks for more in an update",
        ends: "202: it waits for an approval, and the version before it goes on",
        played: &[],
        shown: &[proof!(
            crate::platform::hostile::h43_an_update_that_silently_asks_for_more_is_held
        )],
    },
    Behaviour {
        number: 44,
        slug: "sleepers",
        does: "has hundreds of callers wait",
        ends: "503 `busy` for the plugin's own callers, 429 `plugin-share` for the tenant's",
        played: &[],
        shown: &[
            proof!(super::sleepers_take_no_more_room_than_is_theirs),
            proof!(crate::shares::calls_at_the_same_time_are_a_tenants_own_affair),
        ],
    },
];

impl Behaviour {
    /// Every play of it.
    pub fn plays(&self) -> impl Iterator<Item = &'static Play> {
        self.played.iter().copied().flatten()
    }
}

/// The table of the page.
pub fn page() -> String {
    let mut page = String::from("| | what it does | how it ends | shown by |\n|---|---|---|---|\n");
    for behaviour in BEHAVIOURS {
        let plays = behaviour.plays().map(|play| match play {
            Guest(name) => format!("`{name}.wat`"),
            Misdeed(name, _) => format!("`/hostile/{name}`"),
            Play::File(name, ..) => (*name).to_owned(),
        });
        let proofs = behaviour.shown.iter().map(|proof| {
            let test = proof.test.replace(' ', "");
            let test = test.replace("crate::", "").replace("super::", "hostile::");
            format!("`{test}`")
        });
        let shown: Vec<String> = plays.chain(proofs).collect();
        let Behaviour {
            number,
            slug,
            does,
            ends,
            ..
        } = behaviour;
        let _ = writeln!(
            page,
            "| H{number:02} {slug} | {does} | {ends} | {} |",
            shown.join(", ")
        );
    }
    page
}
