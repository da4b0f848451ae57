;; H17: hands over a list that ends beyond its memory.
;; imports: stoa:storage/storage@0.1.0
;; capabilities: storage
;; expect: plugin-trap
(import "stoa:storage/storage@0.1.0" "get-many" (func $get_many (param i32 i32 i32 i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $get_many (i32.const 0) (i32.const 1) (i32.const 0x100) (i32.const 0x1fffffff) (i32.const 0x800))
  (global.get $fine))
