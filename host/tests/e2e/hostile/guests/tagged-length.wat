;; H18: its strings are Latin-1 or UTF-16, and the length of one says UTF-16 and goes beyond its memory.
;; imports: stoa:log/log@0.1.0
;; encoding: compact-utf16
;; expect: plugin-trap
(import "stoa:log/log@0.1.0" "write" (func $log (param i32 i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $log (i32.const 2) (i32.const 0x900) (i32.const 0xffffffff))
  (global.get $fine))
