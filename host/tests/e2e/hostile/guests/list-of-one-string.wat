;; H13: hands over a list whose 100,000 strings are all the same 512 KiB.
;; imports: stoa:storage/storage@0.1.0
;; capabilities: storage
;; expect: plugin-limit
(import "stoa:storage/storage@0.1.0" "get-many" (func $get_many (param i32 i32 i32 i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (local $at i32)
  (drop (memory.grow (i32.const 32)))
  (local.set $at (i32.const 0x100000))
  (loop $again
    (i32.store (local.get $at) (i32.const 0x20000))
    (i32.store offset=4 (local.get $at) (i32.const 0x80000))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 0x1c3500))))
  (call $get_many (i32.const 0) (i32.const 1) (i32.const 0x100000) (i32.const 100000) (i32.const 0x800))
  (global.get $fine))
