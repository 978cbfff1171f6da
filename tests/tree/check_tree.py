#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the source tree against the rules of docs/architecture.md and CONTRIBUTING.md.

check_tree.py ROOT prints one line a breach (file:line: what, and what to do) and fails if there is any.
check_tree.py --self-test makes tiny bad trees and fails unless every rule catches its own.
"""

import pathlib
import re
import sys
import tempfile

# Folders of src/ by height. An include may point to its own folder or to a lower number, never sideways.
HEIGHT = {
    'linalg': 0, 'data': 1, 'nn': 2, 'codes': 3, 'train': 4, 'curvature': 5, 'information': 6, 'record': 7,
    'experiments': 8, 'plot': 8, 'cli': 9, 'app': 9,
}
PROGRAMS = {'cli', 'app'}

# The folder each public header describes; heft.h is for those outside the library.
HEADER_FOLDER = {
    'error.h': 'linalg', 'random.h': 'linalg', 'dataset.h': 'data', 'npy.h': 'data', 'nuisance.h': 'data', 'safetensors.h': 'nn',
    'network.h': 'nn', 'pass.h': 'nn',
    'bound.h': 'codes', 'code.h': 'codes', 'trainer.h': 'train', 'curvature.h': 'curvature', 'information.h': 'information', 'measure.h': 'information',
    'invariance.h': 'information', 'shannon.h': 'information', 'description.h': 'information',
    'record.h': 'record', 'panel.h': 'record', 'experiment.h': 'experiments', 'runfile.h': 'experiments',
    'plot.h': 'plot',
}
UMBRELLA = 'heft.h'
OUTSIDE_UMBRELLA = {'plot.h'}   # libheft-plot's own

MAX_LINES = 900
MAX_FUNCTION_LINES = 60   # between its braces, and they
TEXT_SUFFIXES = {'.c', '.h', '.inc', '.py', '.sh', '.ui', '.css', '.build', '.txt', '.md', '.in', '.xml', '.svg', '.po', ''}
SKIPPED_FOLDERS = {'.git', 'build', '_build', '__pycache__'}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
DESKTOP_HEADER = re.compile(r'^(gtk|gdk|gsk|adwaita|libadwaita)')
PRINTS = re.compile(r'\b(printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror|exit|_exit|quick_exit|abort|'
                    r'g_print|g_printerr|g_error|g_abort)\s*\(')
# g_error() ends the program as an assertion does: these are for our own mistakes and for lack of memory, never for input.
ASSERTIONS = {
    'src/linalg/memory.c': 'no memory, as g_malloc() does',
    'src/experiments/parameters.c': 'a default in a const table that does not parse',
}
LINEAR_ALGEBRA = re.compile(r'\b(cblas_\w+|LAPACKE_\w+|openblas_\w+|goto_set_num_threads|'
                            r'[sdcz](?:gemm|gemv|syrk|ger|dot|axpy|nrm2|potrf|potrs|syevd?|syevr|gesdd|getrf)_)\s*\(')
LINEAR_ALGEBRA_HEADER = re.compile(r'^(cblas|lapacke|f77blas|lapack)')
UNFINISHED = re.compile(r'\b(TODO|FIXME|XXX|stub|placeholder)\b', re.IGNORECASE)
TRANSLATED_C = re.compile(r'(?<![\w])(?:N?C?_|ngettext|g_dngettext|g_dpgettext2)\s*\(\s*"')
# Of macros between the parts of a text, xgettext knows those of inttypes.h alone.
CUT_TEXT = re.compile(r'(?<![\w])(?:N?C?_|ngettext)\s*\([^()]*\b(G_\w+_(?:FORMAT|MODIFIER))\b')
TRANSLATED_UI = re.compile(r'\btranslatable\s*=\s*"(?:yes|true|1)"')
MACHINE_PATH = re.compile(r'(?<![\w.\-/@])/(?:work|root|home|Users)/[\w.]')
MARKDOWN_LINK = re.compile(r'\]\(([^)\s#]+)(?:#[^)\s]*)?\)')


def strip_c(text):
    """Returns (code, comments): the same lines, with comments and string contents blanked, and the comments alone."""
    code, comments = [], []
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    at = 0
    for match in pattern.finditer(text):
        blank = re.sub(r'[^\n]', ' ', match.group())
        between = text[at:match.start()]
        code.append(between)
        comments.append(re.sub(r'[^\n]', ' ', between))
        if match.group().startswith('/'):
            code.append(blank)
            comments.append(match.group())
        else:
            code.append(match.group()[0] + blank[1:-1] + match.group()[-1])
            comments.append(blank)
        at = match.end()
    code.append(text[at:])
    return ''.join(code), ''.join(comments)


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for path in sorted(self.root.rglob('*')):
            parts = path.relative_to(self.root).parts
            if path.suffix not in TEXT_SUFFIXES or not path.is_file():
                continue
            if any(part in SKIPPED_FOLDERS or part.startswith('build-') and part != 'build-aux' for part in parts):
                continue
            try:
                self.texts['/'.join(parts)] = path.read_text(encoding='utf-8')
            except UnicodeDecodeError:
                continue
        self.split = {name: strip_c(text) for name, text in self.texts.items() if name.endswith(('.c', '.h', '.c.inc'))}

    def c_files(self, *prefixes):
        return [name for name in self.split if name.startswith(prefixes)]

    def code_lines(self, name):
        return enumerate(self.split[name][0].split('\n'), 1)

    def includes(self, name):
        for number, line in enumerate(self.texts[name].split('\n'), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1), match.group(2)


def folder_of(name):
    """The folder of src/ that a file belongs to, public headers included; None for what stands outside."""
    parts = name.split('/')
    if parts[0] == 'src' and len(parts) > 2:
        return parts[1]
    if parts[:2] == ['include', 'heft']:
        return HEADER_FOLDER.get(parts[2])
    return None


def target_of(tree, name, include):
    """The folder that an include points to, or None if it is not ours."""
    if include.startswith('heft/'):
        return HEADER_FOLDER.get(include[5:])
    beside = (pathlib.PurePosixPath(name).parent / include).as_posix()
    parts = []
    for part in beside.split('/'):
        if part == '..' and parts:
            parts.pop()
        elif part != '.':
            parts.append(part)
    beside = '/'.join(parts)
    for candidate in (beside, 'src/' + include):
        if candidate in tree.texts:
            return folder_of(candidate)
    return None


def includes_point_down(tree):
    for name in tree.c_files('src/', 'include/heft/'):
        folder = folder_of(name)
        if name == 'include/heft/' + UMBRELLA:
            continue
        if folder not in HEIGHT:
            yield f'{name}:1: belongs to no layer; add its folder or header to tests/tree/check_tree.py'
            continue
        for number, _, include in tree.includes(name):
            if include == 'heft/' + UMBRELLA and folder not in PROGRAMS:
                yield f'{name}:{number}: the umbrella header is for programs; include what is needed'
                continue
            target = target_of(tree, name, include)
            if target is not None and target != folder and HEIGHT[target] >= HEIGHT[folder]:
                yield f'{name}:{number}: {folder} must not include {include}, which belongs to {target} above or beside it'


def core_is_free_of_gtk(tree):
    for name in tree.c_files('src/', 'include/', 'tests/'):
        if name.startswith(('src/app/', 'tests/app/', 'tests/ui/')):
            continue
        for number, _, include in tree.includes(name):
            if DESKTOP_HEADER.match(include):
                yield f'{name}:{number}: includes {include}; GTK belongs to src/app'


def linear_algebra_in_linalg(tree):
    for name in tree.c_files('src/', 'include/'):
        if name.startswith('src/linalg/'):
            continue
        for number, _, include in tree.includes(name):
            if LINEAR_ALGEBRA_HEADER.match(include):
                yield f'{name}:{number}: includes {include}; BLAS and LAPACK are called in src/linalg alone'
        for number, line in tree.code_lines(name):
            match = LINEAR_ALGEBRA.search(line)
            if match:
                yield f'{name}:{number}: calls {match.group(1)}; BLAS and LAPACK are called in src/linalg alone'


def library_is_quiet(tree):
    for name in tree.c_files('src/', 'include/'):
        if folder_of(name) in PROGRAMS:
            continue
        for number, line in tree.code_lines(name):
            match = PRINTS.search(line)
            if match and not (match.group(1) == 'g_error' and name in ASSERTIONS):
                yield f'{name}:{number}: calls {match.group(1)}; the library reports by GError and never prints or exits'


def files_are_short(tree):
    for name, text in tree.texts.items():
        lines = text.count('\n')
        if name.endswith(('.c', '.h', '.inc', '.py', '.ui', '.css')) and lines > MAX_LINES:
            yield f'{name}:{lines}: has {lines} lines, over {MAX_LINES}; split it by subject'


def functions_fit_a_screen(tree):
    for name in tree.c_files('src/', 'tests/'):
        start = None
        for number, line in tree.code_lines(name):
            if line == '{':
                start = number
            elif line == '}' and start is not None:
                if number - start + 1 > MAX_FUNCTION_LINES:
                    yield (f'{name}:{start}: this function has {number - start + 1} lines, over {MAX_FUNCTION_LINES}; '
                           'split it by what it does')
                start = None


def potfiles_are_complete(tree):
    listed = [line.strip() for line in tree.texts.get('po/POTFILES', '').split('\n')]
    listed = [line for line in listed if line and not line.startswith('#')]
    if listed != sorted(set(listed)):
        yield 'po/POTFILES:1: is not sorted, or names a file twice'
    for entry in listed:
        if entry not in tree.texts and not (tree.root / entry).is_file():
            yield f'po/POTFILES:1: names {entry}, which does not exist'
    for name, text in tree.texts.items():
        if name in listed or name.startswith('tests/'):
            continue
        if name in tree.split:
            # String contents are blanked in the code, their quotes are not.
            found = TRANSLATED_C.search(tree.split[name][0])
        else:
            found = name.endswith('.ui') and TRANSLATED_UI.search(text)
        if found or name.endswith(('.desktop.in', '.metainfo.xml.in')):
            yield f'{name}:1: has translatable text but is not listed in po/POTFILES'


def texts_are_whole(tree):
    for name in tree.c_files('src/'):
        for match in CUT_TEXT.finditer(tree.split[name][0]):
            number = tree.texts[name][:match.start()].count('\n') + 1
            yield f'{name}:{number}: {match.group(1)} cuts a text short for translators; write %zu, or PRIu64 of inttypes.h'


def umbrella_is_complete(tree):
    headers = {name[len('include/heft/'):] for name in tree.texts if re.fullmatch(r'include/heft/[^/]+\.h', name)}
    umbrella = 'include/heft/' + UMBRELLA
    if umbrella not in tree.texts:
        return
    included = {include[5:] for _, _, include in tree.includes(umbrella) if include.startswith('heft/')}
    for header in sorted(headers - included - {UMBRELLA} - OUTSIDE_UMBRELLA):
        yield f'{umbrella}:1: does not include heft/{header}'
    for header in sorted(included - headers):
        yield f'{umbrella}:1: includes heft/{header}, which does not exist'


def no_machine_paths(tree):
    for name, text in tree.texts.items():
        if name.startswith('tests/tree/'):
            continue
        for number, line in enumerate(text.split('\n'), 1):
            match = MACHINE_PATH.search(line)
            if match:
                yield f'{name}:{number}: holds a path of one machine ({match.group()}...)'


def nothing_unfinished(tree):
    for name in tree.c_files('src/', 'include/', 'tests/'):
        for number, line in enumerate(tree.split[name][1].split('\n'), 1):
            match = UNFINISHED.search(line)
            if match:
                yield f'{name}:{number}: a comment says {match.group()}; finish it or open an issue'


def files_begin_alike(tree):
    for name in tree.c_files('src/', 'include/', 'tests/'):
        text = tree.texts[name]
        if not text.startswith('/* SPDX-License-Identifier: GPL-3.0-or-later'):
            yield f'{name}:1: does not begin with the SPDX licence line'
        if name.startswith('src/') and name.endswith('.c'):
            first = next((include for _, _, include in tree.includes(name)), None)
            if first != 'config.h':
                yield f'{name}:1: includes {first} before config.h'


def links_lead_somewhere(tree):
    for name, text in tree.texts.items():
        if not name.endswith('.md'):
            continue
        base = pathlib.PurePosixPath(name).parent
        for number, line in enumerate(text.split('\n'), 1):
            for link in MARKDOWN_LINK.findall(line):
                if re.match(r'[a-z]+:', link):
                    continue
                if not (tree.root / base / link).exists():
                    yield f'{name}:{number}: links to {link}, which does not exist'


RULES = [
    includes_point_down, core_is_free_of_gtk, linear_algebra_in_linalg, library_is_quiet, files_are_short, functions_fit_a_screen,
    potfiles_are_complete, texts_are_whole, umbrella_is_complete, no_machine_paths, nothing_unfinished, files_begin_alike,
    links_lead_somewhere,
]

HEAD = '/* SPDX-License-Identifier: GPL-3.0-or-later */\n#include "config.h"\n'

# Files that break one rule each, and files that look alike but keep it.
BAD = [
    (includes_point_down, {'src/nn/a.c': HEAD + '#include <heft/trainer.h>\n'}),
    (includes_point_down, {'src/nn/a.c': HEAD + '#include "train/pool.h"\n', 'src/train/pool.h': HEAD}),
    (includes_point_down, {'src/nn/a.c': HEAD + '#include "../train/pool.h"\n', 'src/train/pool.h': HEAD}),
    (includes_point_down, {'src/plot/a.c': HEAD + '#include <heft/experiment.h>\n'}),
    (includes_point_down, {'src/plot/a.c': HEAD + '#include <heft/heft.h>\n'}),
    (includes_point_down, {'include/heft/record.h': HEAD + '#include <heft/runfile.h>\n'}),
    (includes_point_down, {'src/elsewhere/a.c': HEAD}),
    (core_is_free_of_gtk, {'src/plot/a.c': HEAD + '#include <gtk/gtk.h>\n'}),
    (core_is_free_of_gtk, {'src/cli/a.c': HEAD + '# include "adwaita.h"\n'}),
    (core_is_free_of_gtk, {'include/heft/plot.h': HEAD + '#include <gdk/gdk.h>\n'}),
    (linear_algebra_in_linalg, {'src/train/a.c': HEAD + 'cblas_sgemm (1);\n'}),
    (linear_algebra_in_linalg, {'src/train/a.c': HEAD + '#include <lapacke.h>\n'}),
    (linear_algebra_in_linalg, {'src/app/a.c': HEAD + 'openblas_set_num_threads (1);\n'}),
    (linear_algebra_in_linalg, {'src/curvature/a.c': HEAD + 'dsyevd_ (a);\n'}),
    (library_is_quiet, {'src/data/a.c': HEAD + '  printf ("x");\n'}),
    (library_is_quiet, {'src/data/a.c': HEAD + '  g_printerr ("x");\n'}),
    (library_is_quiet, {'src/plot/a.c': HEAD + '  if (x) exit (1);\n'}),
    (library_is_quiet, {'src/plot/a.c': HEAD + '  abort();\n'}),
    (library_is_quiet, {'src/plot/a.c': HEAD + '  g_error ("x");\n'}),
    (library_is_quiet, {'src/linalg/memory.c': HEAD + '  exit (1);\n'}),
    (files_are_short, {'src/nn/a.c': HEAD + '\n' * MAX_LINES}),
    (functions_fit_a_screen, {'src/nn/a.c': HEAD + 'f (void)\n{\n' + '  g ();\n' * (MAX_FUNCTION_LINES - 1) + '}\n'}),
    (potfiles_are_complete, {'po/POTFILES': '', 'src/nn/a.c': HEAD + 'f (_("Loss"));\n'}),
    (potfiles_are_complete, {'po/POTFILES': '', 'src/nn/a.c': HEAD + 'f (N_ ("Loss"));\n'}),
    (potfiles_are_complete, {'po/POTFILES': '', 'src/nn/a.c': HEAD + 'ngettext ("a", "b", n);\n'}),
    (potfiles_are_complete, {'po/POTFILES': '', 'ui/a.ui': '<property name="label" translatable="yes">Loss</property>\n'}),
    (potfiles_are_complete, {'po/POTFILES': 'src/nn/gone.c\n'}),
    (potfiles_are_complete, {'po/POTFILES': 'src/nn/b.c\nsrc/nn/a.c\n', 'src/nn/a.c': HEAD, 'src/nn/b.c': HEAD}),
    (texts_are_whole, {'src/nn/a.c': HEAD + 'f (_("%" G_GSIZE_FORMAT\n " samples"), n);\n'}),
    (umbrella_is_complete, {'include/heft/heft.h': HEAD, 'include/heft/code.h': HEAD}),
    (umbrella_is_complete, {'include/heft/heft.h': HEAD + '#include <heft/code.h>\n'}),
    (no_machine_paths, {'docs/a.md': 'See /home/' + 'somebody/heft.\n'}),
    (no_machine_paths, {'tests/nn/a.c': HEAD + 'open ("/work/' + 'x");\n'}),
    (nothing_unfinished, {'src/nn/a.c': HEAD + '/* TODO: more */\n'}),
    (nothing_unfinished, {'src/nn/a.c': HEAD + 'f (); // only a stub\n'}),
    (files_begin_alike, {'src/nn/a.c': '#include "config.h"\n'}),
    (files_begin_alike, {'src/nn/a.c': HEAD.replace('"config.h"', '<glib.h>')}),
    (links_lead_somewhere, {'README.md': 'See [the map](docs/gone.md).\n'}),
]
GOOD = {
    'src/nn/a.c': HEAD + '#include <heft/network.h>\n#include <heft/random.h>\n#include "a.h"\n#include "linalg/b.h"\n'
                  'g_strdup_printf ("printf (x)"); /* never calls exit () */ heft_gemm (a); g_snprintf (b);\n',
    'src/nn/a.h': HEAD,
    'src/nn/b.c': HEAD + ('f (void)\n{\n' + '  g ();\n' * (MAX_FUNCTION_LINES - 2) + '}\n') * 2,
    'src/linalg/b.h': HEAD,
    'src/linalg/b.c': HEAD + '#include <cblas.h>\ncblas_dgemm (a); /* the word is \'placement\' */\n',
    'src/cli/main.c': HEAD + '#include <heft/heft.h>\nint main (void) { g_print (_("Loss %" PRIu64 " %zu"), f (G_GSIZE_FORMAT)); exit (0); }\n',
    'src/app/main.c': HEAD + '#include <adwaita.h>\n#include <heft/plot.h>\nset ("placeholder-text");\n',
    'include/heft/heft.h': HEAD + '#include <heft/network.h>\n#include <heft/random.h>\n',
    'include/heft/network.h': HEAD + '#include <heft/random.h>\n',
    'include/heft/random.h': HEAD,
    'include/heft/plot.h': HEAD + '#include <cairo.h>\n',
    'po/POTFILES': '# comment\nsrc/cli/main.c\n',
    'README.md': '[home](https://example.org/home/x) [file](po/POTFILES#top)\n',
}


def write(root, files):
    for name, text in files.items():
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')


def self_test():
    failures = []
    for rule, files in BAD:
        with tempfile.TemporaryDirectory() as root:
            write(root, files)
            if not list(rule(Tree(root))):
                failures.append(f'{rule.__name__} did not notice {files}')
    for rule in RULES:
        if rule not in [bad[0] for bad in BAD]:
            failures.append(f'{rule.__name__} has no bad tree to notice')
    with tempfile.TemporaryDirectory() as root:
        write(root, GOOD)
        failures += [f'{rule.__name__} objects to a good tree: {line}' for rule in RULES for line in rule(Tree(root))]
    return failures


def main(arguments):
    if arguments == ['--self-test']:
        lines = self_test()
    elif len(arguments) == 1:
        tree = Tree(arguments[0])
        lines = [line for rule in RULES for line in rule(tree)]
    else:
        lines = ['usage: check_tree.py ROOT | --self-test']
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
