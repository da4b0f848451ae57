;; H20: says how long its answer is, beside what the host says.
;; expect: plugin-invalid-output
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (i32.const 0x800))
(data (i32.const 0x800) "\00\00\00\00\c8\00\00\00\20\09\00\00\01\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 0x900) "content-length")
(data (i32.const 0x910) "5")
(data (i32.const 0x920) "\00\09\00\00\0e\00\00\00\10\09\00\00\01\00\00\00")
