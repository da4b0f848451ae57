;; H09: fills all of its memory again and again.
;; expect: plugin-timeout
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (memory.grow (i32.const 400)))
  (loop $again
    (memory.fill (i32.const 65536) (i32.const 7) (i32.const 26214400))
    (br $again))
  (unreachable))
