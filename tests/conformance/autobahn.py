"""Runs the Autobahn cases by kosoku: `autobahn.py client ADDRESS` against a server, `autobahn.py server` for a client.

A server prints its address first. Then comes one JSON object a case; what was not run to a verdict has the verdict ERROR.
"""

import argparse
import asyncio
import json

from kosoku import FailureError, _caseindex, run_fuzzingclient, run_fuzzingserver


def mend_compression_cases() -> None:
    """What arrives in an uncompressed frame kosoku gives to a case as `str`, as the cases of the groups 1 to 11 have it; what arrived compressed
    as `bytes`. Those of the groups 12 and 13 hash each message, and break off at a `str`, though RFC 7692 §6 leaves it to the sender which
    messages it compresses. tool.test.mjs shows it with a server that is not ours.
    """
    _caseindex.initialize_shims()
    import case12_x_x

    def mended(on_message):
        def on_any_message(self, message, binary):
            if isinstance(message, str):
                message = message.encode("latin-1" if binary else "utf-8")
            return on_message(self, message, binary)

        return on_any_message

    for case in case12_x_x.Case12_X_X + case12_x_x.Case13_X_X:
        case.onMessage = mended(case.onMessage)


async def run(arguments: argparse.Namespace):
    include, exclude = arguments.include, arguments.exclude
    try:
        if arguments.mode == "client":
            return await run_fuzzingclient(arguments.address, include, exclude, concurrency=2)
        async with run_fuzzingserver(include, exclude, host="127.0.0.1", port=0) as server:
            print(f"ws://{server.address}:{server.port}", flush=True)
            return await server.get_result()
    except FailureError as failure:
        # Those that passed are among them.
        return failure.results


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["client", "server"])
    parser.add_argument("address", nargs="?")
    parser.add_argument("--include", action="append", metavar="PATTERN")
    parser.add_argument("--exclude", action="append", metavar="PATTERN")
    parser.add_argument("--unmended", action="store_true")
    arguments = parser.parse_args()
    if not arguments.unmended:
        mend_compression_cases()
    for result in asyncio.run(run(arguments)):
        row = {
            "id": result.case_id,
            "verdict": result.behavior.value,
            "close": result.behavior_close.value,
            "why": result.result,
            "whyClose": result.result_close,
        }
        print(json.dumps(row), flush=True)


main()
