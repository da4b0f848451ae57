;; H36: asks for the time until it changes within a millisecond; traps if it does.
;; imports: wasi:clocks/monotonic-clock@0.2.3
;; expect: fine
(import "wasi:clocks/monotonic-clock@0.2.3" "now" (func $now (result i64)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (if (i64.ne (i64.rem_u (call $now) (i64.const 1000000)) (i64.const 0)) (then (unreachable)))
  (if (i64.ne (i64.rem_u (call $now) (i64.const 1000000)) (i64.const 0)) (then (unreachable)))
  (global.get $fine))
