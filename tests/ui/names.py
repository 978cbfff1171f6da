#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks the accessible tree of heft: names of what can have the focus, and of the panels."""
import signal
import sys
import time
import warnings

signal.alarm(90)
warnings.simplefilter('ignore')
import gi                                                    # noqa: E402

gi.require_version('Atspi', '2.0')
from gi.repository import Atspi                              # noqa: E402

Atspi.set_timeout(3000, 5000)


def children(node):
    return [child for child in (node.get_child_at_index(i) for i in range(node.get_child_count())) if child]


def walk(node):
    yield node
    for child in children(node):
        yield from walk(child)


def find_program():
    end = time.time() + 20
    while time.time() < end:
        for program in children(Atspi.get_desktop(0)):
            if program.get_name() == 'heft':
                return program
        time.sleep(.1)
    sys.exit('heft is not on the accessibility bus')


problems, panels, named = [], [], 0
for node in walk(find_program()):
    role, name = node.get_role_name(), node.get_name() or ''
    states = node.get_state_set()
    if role in ('panel', 'grouping') and name in ('Loss and error', 'Information in the weights', 'Ledger'):
        panels.append(name)
    if not states.contains(Atspi.StateType.FOCUSABLE) or not states.contains(Atspi.StateType.VISIBLE):
        continue
    if role in ('frame', 'window', 'scroll pane', 'filler', 'unknown', 'panel', 'grouping', 'viewport', 'list item'):
        continue
    if not name.strip() or name.startswith(('Gtk', 'Adw', 'Heft')):
        problems.append(f'{role} {name!r} in {node.get_parent().get_role_name()} {node.get_parent().get_name()!r}')
    else:
        named += 1
for problem in problems:
    print('no name:', problem)
if named < 20:
    sys.exit(f'only {named} named controls were found')
if len(set(panels)) < 3:
    sys.exit(f'panels are not named: {panels}')
sys.exit(1 if problems else 0)
