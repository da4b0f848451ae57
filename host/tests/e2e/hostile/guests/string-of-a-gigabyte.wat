;; H12: hands over a string of 1 GiB.
;; imports: stoa:log/log@0.1.0
;; expect: plugin-trap
(import "stoa:log/log@0.1.0" "write" (func $log (param i32 i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $log (i32.const 2) (i32.const 0) (i32.const 0x40000000))
  (global.get $fine))
