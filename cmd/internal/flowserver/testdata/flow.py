"""A package as workflows become, as far as the page knows one: get, convert and run."""
import json
import os
import signal
import subprocess
import sys
import time

RJSF = {
    "title": "Patrols",
    "properties": {
        "Where and when": {
            "type": "object",
            "title": "Where and when",
            "description": "What is looked at.",
            "ecoscope:task_group": True,
            "properties": {
                "area": {
                    "type": "object",
                    "title": "Area",
                    "properties": {"name": {"type": "string", "title": "Name", "description": "Of the reserve."}},
                    "required": ["name"],
                    "additionalProperties": False,
                },
                "span": {
                    "type": "object",
                    "title": "Time span",
                    "description": "Both ends belong to it.",
                    "properties": {
                        "days": {"type": "integer", "title": "Days", "minimum": 1, "maximum": 366, "default": 7},
                        "zone": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Time zone", "default": None},
                    },
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
        "draw": {
            "type": "object",
            "title": "Draw a map",
            "properties": {
                "colour": {"$ref": "#/$defs/Colour", "title": "Colour", "default": "green"},
                "legend": {"type": "boolean", "title": "Legend", "default": True},
                "shape": {"anyOf": [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Box"}], "title": "Shape", "default": {"radius": 1}},
                "layers": {"type": "array", "title": "Layers", "items": {"type": "string"}, "default": ["roads"]},
            },
            "additionalProperties": False,
        },
    },
    "$defs": {
        "Colour": {"type": "string", "enum": ["green", "red", "blue"], "title": "Colour"},
        "Circle": {"type": "object", "properties": {"radius": {"type": "number", "title": "Radius"}}, "required": ["radius"], "additionalProperties": False},
        "Box": {"type": "object", "properties": {"width": {"type": "number", "title": "Width"}}, "required": ["width"], "additionalProperties": False},
    },
    "required": ["Where and when"],
    "additionalProperties": False,
    "uiSchema": {"Where and when": {"ui:order": ["area", "span"]}, "draw": {"ui:order": ["legend", "colour", "shape", "layers"]}},
}
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="620" height="90" viewBox="0 0 620 90" role="img">
<style>.box{fill:#fff;stroke:#5b6b7a} .edge{fill:none;stroke:#7a8b9a} text{font-size:12px}</style>
<script>window.hurt = 1</script>
<g class="node" id="area"><title>Area</title><rect class="box" x="10" y="20" width="120" height="44"/><text x="20" y="46">area</text></g>
<g class="node" id="span"><title>Time span</title><rect class="box" x="240" y="20" width="120" height="44"/><text x="250" y="46">span</text></g>
<g class="node" id="draw"><title>Draw</title><rect class="box" x="470" y="20" width="120" height="44"/><text x="480" y="46">draw</text></g>
<path class="edge" d="M130 42C185 42 185 42 240 42"/><path class="edge" d="M360 42C415 42 415 42 470 42"/>
</svg>"""
TASKS = [("area", "Area"), ("span", "Time span"), ("draw", "Draw a map")]
META = {"id": "patrols", "tasks": [{"id": i, "name": n, "io": i == "area"} for i, n in TASKS]}


def problem(path, message, validator):
    return {"message": message, "path": path, "schema_path": [], "validator": validator, "input": None}


def convert(source, value):
    group = "Where and when"
    if source == "formdata":
        errors = []
        if "name" not in value.get(group, {}).get("area", {}):
            errors.append(problem([group, "area"], "'name' is a required property", "required"))
        days = value.get(group, {}).get("span", {}).get("days", 7)
        if not isinstance(days, int) or days < 1:
            errors.append(problem([group, "span", "days"], f"{days!r} is less than the minimum of 1", "minimum"))
        if errors:
            return {"validation_errors": errors}
        return {"result": {**value.get(group, {}), **{k: v for k, v in value.items() if k != group}}}
    unknown = set(value) - {"area", "span", "draw"}
    if unknown:
        return {"validation_errors": [problem([], f"Additional properties are not allowed ({min(unknown)!r} was unexpected)", "additionalProperties")]}
    return {"result": {group: {k: v for k, v in value.items() if k != "draw"}, **{k: v for k, v in value.items() if k == "draw"}}}


def run(args):
    def option(name):
        return args[args.index(name) + 1]

    with open(option("--config-file")) as f:
        params = json.load(f)
    results = os.environ["WT_RESULTS"]

    def tell(i, state, **more):
        print(json.dumps({"event": "task", "id": TASKS[i][0], "name": TASKS[i][1], "state": state, "index": i, "total": len(TASKS), **more}), file=sys.stderr, flush=True)

    def end(result, error=None, trace=None):
        with open(os.path.join(results, "result.json"), "w") as f:
            json.dump({"result": result, "error": error, "trace": trace}, f)
        print(json.dumps({"event": "result", "error": error}), file=sys.stderr, flush=True)
        sys.exit(1 if error else 0)

    name = params["area"]["name"]
    tell(0, "started")
    print("looking at", name, flush=True)
    if name == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == "stay":
        subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(1000)"])
        time.sleep(1000)
    tell(0, "done", seconds=0.25)
    tell(1, "skipped", seconds=0)
    tell(2, "started")
    if name == "fail":
        tell(2, "failed", seconds=0.1)
        end(None, "Task instance 'draw' raised ValueError('no paper')", "Traceback (most recent call last):\n  ...\nValueError: no paper\n")
    page = os.path.join(results, "map one.html")
    with open(page, "w") as f:
        f.write("<body style='font:20px sans-serif;background:#e7f0e4'>A map of " + name + "<script>document.title=location.origin;"
                "fetch('/api/workflow').then(()=>document.body.append(' REACHED'),()=>document.body.append(' alone'))</script>")
    tell(2, "done", seconds=1.5)
    days = params.get("span", {}).get("days", 7)
    end({
        "title": "Patrols in " + name,
        "mode": option("--execution-mode"),
        "mock": "--mock-io" in args,
        "widgets": [
            {"widget_type": "single_value", "title": "Days", "data": days},
            {"widget_type": "single_value", "title": "Patrols", "views": {"north": 3, "south": 4}},
            {"widget_type": "single_value", "title": "Rangers", "views": {"south": 8, "north": 6}},
            {"widget_type": "text", "title": "Words", "data": "Some *words*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<img src='https://elsewhere.example/x.png'>"},
            {"widget_type": "map", "title": "Map", "data": "file://" + page.replace(" ", "%20")},
        ],
    })


def main(args):
    if args[0] == "get":
        print({"rjsf": json.dumps(RJSF), "graph": SVG, "metadata": json.dumps(META)}[args[1]])
    elif args[0] == "convert":
        print(json.dumps(convert(args[args.index("--from") + 1], json.load(sys.stdin))))
    elif args[0] == "run":
        run(args)


main(sys.argv[1:])
