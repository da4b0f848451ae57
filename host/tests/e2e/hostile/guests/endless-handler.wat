;; H01: never answers.
;; expect: plugin-timeout
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (loop $again (br $again))
  (unreachable))
