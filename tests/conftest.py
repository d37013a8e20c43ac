"""For all tests: Ctrl-C is answered as usual, also where whoever started them ignores it (as `nohup` and `&` do)."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
