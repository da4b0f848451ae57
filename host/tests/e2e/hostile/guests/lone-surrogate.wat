;; H17: its strings are UTF-16, and one has half of a pair.
;; imports: stoa:log/log@0.1.0
;; encoding: utf16
;; expect: plugin-trap
(import "stoa:log/log@0.1.0" "write" (func $log (param i32 i32 i32)))
(data (i32.const 0x900) "\00\d8\41\00")
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $log (i32.const 2) (i32.const 0x900) (i32.const 2))
  (global.get $fine))
