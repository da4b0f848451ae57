;; H15: answers with a body of 200 MiB that it does not have.
;; expect: plugin-trap
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (i32.store (i32.const 0x810) (i32.const 0))
  (i32.store16 (i32.const 0x804) (i32.const 200))
  (i32.store (i32.const 0x814) (i32.const 0xc800000))
  (i32.const 0x800))
