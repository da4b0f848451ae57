//! Reaches for the world as components of other tool chains do: through WASI 0.2, beside the interfaces of the host.

use serde_json::{Value, json};
use stoa_guest::prelude::*;

use wasi::wasi::cli::{stderr, stdout};
use wasi::wasi::clocks::{monotonic_clock, wall_clock};
use wasi::wasi::io::streams::OutputStream;
use wasi::wasi::random::{insecure, insecure_seed, random};

stoa_guest::plugin!("plugin.toml");

/// The part of WASI that such components use most.
mod wasi {
    stoa_guest::__private::wit_bindgen::generate!({
        inline: r#"
            package stoa-test:foreign;

            world foreign {
                import wasi:cli/stdout@0.2.0;
                import wasi:cli/stderr@0.2.0;
                import wasi:clocks/wall-clock@0.2.0;
                import wasi:clocks/monotonic-clock@0.2.0;
                import wasi:random/random@0.2.0;
                import wasi:random/insecure@0.2.0;
                import wasi:random/insecure-seed@0.2.0;
            }

            package wasi:io@0.2.0 {
                interface poll {
                    resource pollable {
                        block: func();
                    }
                }
                interface error {
                    resource error;
                }
                interface streams {
                    use error.{error};
                    variant stream-error { last-operation-failed(error), closed }
                    resource output-stream {
                        blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
                    }
                }
            }

            package wasi:cli@0.2.0 {
                interface stdout {
                    use wasi:io/streams@0.2.0.{output-stream};
                    get-stdout: func() -> output-stream;
                }
                interface stderr {
                    use wasi:io/streams@0.2.0.{output-stream};
                    get-stderr: func() -> output-stream;
                }
            }

            package wasi:clocks@0.2.0 {
                interface wall-clock {
                    record datetime { seconds: u64, nanoseconds: u32 }
                    now: func() -> datetime;
                    resolution: func() -> datetime;
                }
                interface monotonic-clock {
                    use wasi:io/poll@0.2.0.{pollable};
                    type instant = u64;
                    type duration = u64;
                    now: func() -> instant;
                    resolution: func() -> duration;
                    subscribe-duration: func(when: duration) -> pollable;
                }
            }

            package wasi:random@0.2.0 {
                interface random {
                    get-random-bytes: func(len: u64) -> list<u8>;
                    get-random-u64: func() -> u64;
                }
                interface insecure {
                    get-insecure-random-u64: func() -> u64;
                }
                interface insecure-seed {
                    insecure-seed: func() -> tuple<u64, u64>;
                }
            }
        "#,
        generate_all,
        runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
    });
}

const COUNTERS: Collection<Value> = Collection::new("counters");

/// Nanoseconds of a millisecond.
const NS_PER_MS: u64 = 1_000_000;

/// Everything that can be different each time.
fn seen() -> Value {
    let now = wall_clock::now();
    let seed = insecure_seed::insecure_seed();
    json!({
        "seconds": now.seconds,
        "nanoseconds": now.nanoseconds,
        "monotonic": monotonic_clock::now(),
        "resolution": [wall_clock::resolution().nanoseconds, monotonic_clock::resolution()],
        "random": [random::get_random_u64(), insecure::get_insecure_random_u64(), seed.0, seed.1],
        "bytes": random::get_random_bytes(12),
    })
}

fn write(stream: &OutputStream, text: &str) -> Result<()> {
    let written = stream.blocking_write_and_flush(text.as_bytes());
    written.map_err(|error| Problem::conflict("not-printed", format!("{error:?}")))
}

fn outside() -> Json<Value> {
    Json(seen())
}

/// Does one thing whose answer may or may not be told again.
fn told(Path(what): Path<String>) -> Result<Json<Value>> {
    match what.as_str() {
        "time" => drop(wall_clock::now()),
        "chance" => drop(random::get_random_u64()),
        "wait" => monotonic_clock::subscribe_duration(NS_PER_MS).block(),
        "print" => write(&stdout::get_stdout(), "somebody asked\n")?,
        // Merely looks whether it could.
        _ => drop(stdout::get_stdout()),
    }
    Ok(Json(json!({})))
}

/// Says what it saw before it competes with others for the counter.
fn count(Path(id): Path<String>) -> Result<Json<Value>> {
    let seen = seen();
    write(&stdout::get_stdout(), &format!("{seen}\n"))?;
    let counter = COUNTERS.get(&id)?.unwrap_or_default();
    let n = counter.get("n").and_then(Value::as_i64).unwrap_or_default() + 1;
    COUNTERS.put(&id, &json!({ "n": n }))?;
    Ok(Json(json!({ "n": n, "seen": seen })))
}

fn print() -> Result<NoContent> {
    let (out, err) = (stdout::get_stdout(), stderr::get_stderr());
    write(&out, "one line\nand ")?;
    write(&err, "a warning\n")?;
    // Another handle of the same output.
    write(
        &stdout::get_stdout(),
        "another\n\n\u{1b}[31mno\rline of the host's",
    )?;
    Ok(NoContent)
}

#[expect(clippy::panic, reason = "that is what it is for")]
fn die() -> Result<NoContent> {
    write(&stderr::get_stderr(), "its last words")?;
    panic!("on purpose");
}

/// Uses WASI without end.
fn flood(Path(what): Path<String>) -> Result<NoContent> {
    let out = stdout::get_stdout();
    let line = format!("{}\n", "x".repeat(4_000));
    loop {
        match what.as_str() {
            "time" => drop(wall_clock::now()),
            "log" => write(&out, &line)?,
            "handles" => std::mem::forget(stdout::get_stdout()),
            "chance" => drop(random::get_random_bytes(1 << 20)),
            _ => drop(stdout::get_stdout()),
        }
    }
}
