;; H20: answers with 100,000 headers.
;; expect: plugin-invalid-output
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (memory.grow (i32.const 32)))
  (i32.store16 (i32.const 0x804) (i32.const 200))
  (i32.store (i32.const 0x808) (i32.const 0x40000))
  (i32.store (i32.const 0x80c) (i32.const 100000))
  (i32.const 0x800))
