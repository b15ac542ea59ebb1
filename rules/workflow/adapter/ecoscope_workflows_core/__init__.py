"""Lets tasks that were written for generation A of ecoscope-workflows be found and run where its core is not installed.

Written by cairn for this purpose: it has what modules of tasks import of the core, and nothing else of it. Tasks run on wt-task.
"""
