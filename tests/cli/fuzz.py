#!/usr/bin/python3
"""Gives heft-cli damaged files and odd words, and holds it to its contract.

    python3 tests/cli/fuzz.py BUILD/src/cli/heft-cli [--seconds N] [--seed N] [--keep FOLDER]

Not part of the test suite: it is meant for a build under the sanitizers (meson setup -Db_sanitize=address,undefined), for as long as
one likes. Each case is a number: the same seed and number make the same case. A case is a finding if the program ends by a signal, in
a status other than those of the contract, in more or less than one sentence, in a warning of GLib or of a sanitizer, in JSON that is
none, or not at all. The status is 1 if anything was found.
"""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.path.join(HERE, '..', 'reference')
SMALL = '-s architecture=4 -s epochs=1 -s batch=8 -s test-draws=1 -s spectra-samples=16 --threads 1'.split()
DIGITS = ['-s', 'dataset=digits-8x8', '-s', 'samples=64'] + SMALL
PATIENCE = 60          # seconds until a case has hung; a run is interrupted before that
INTERRUPT = 5

INTEGERS = [0, 1, 2, -1, 3, 7, 8, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -2**31, -2**63]
NUMBERS = ['0', '-0', '1', '-1', '0.5', '1e-320', '1e-30', '1e30', '1e308', '1e999', '-1e999', 'nan', 'inf', '-inf', '0x10', '1,5', '1e',
           '', ' ', ' 1', '1 ', '1e-308', '5e-324', '0.9999999999999999', '1e15', '1e-3', '10', '100', '1000000', '4294967296', '9223372036854775808', '18446744073709551616', '3.5', 'ä', '1\n2']
WORDS = ['', '0', '-', '--', '-1', 'x', 'a,b', ',', ';', '=', '%s%n', 'ä', '../..', '/', '/dev/null', '\n', '8-8', '0-0', '8-', '-8', '9' * 40, 'a' * 5000,
         'relu', 'dense', 'conv-relu-pool2-dense', 'conv9x9-dense', 'conv-dense-flatten', 'pool2', 'conv2/0-dense', '3x3x3', '1x0x4', '1x1x99999999999', '\udcff\udc80']


def npy(shape, kind='<f4', values=None, rand=random):
    n = 1
    for s in shape:
        n *= s
    head = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (kind, ''.join('%d, ' % s for s in shape))
    head += ' ' * (63 - (10 + len(head)) % 64) + '\n'
    if kind == '<f4':
        body = struct.pack('<%df' % n, *(values or [rand.uniform(-1, 1) for _ in range(n)]))
    else:
        body = struct.pack('<%dq' % n, *(values or [rand.randrange(3) for _ in range(n)]))
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode() + body


def idx(shape, body):
    return bytes([0, 0, 8, len(shape)]) + b''.join(struct.pack('>I', s) for s in shape) + bytes(body)


def flip(rand, data):
    """Bytes changed, cut, doubled, or a length overwritten."""
    data = bytearray(data)
    for _ in range(rand.choice([1, 1, 1, 2, 4, 16])):
        if not data:
            break
        at = rand.randrange(len(data)) if rand.random() < 0.5 else rand.randrange(min(len(data), 160))
        what = rand.randrange(8)
        if what == 0:
            data[at] ^= 1 << rand.randrange(8)
        elif what == 1:
            data[at] = rand.randrange(256)
        elif what == 2:
            del data[at:]
        elif what == 3:
            del data[at:at + rand.choice([1, 2, 8])]
        elif what == 4:
            data[at:at] = data[at:at + rand.randrange(1, 64)]
        elif what == 5:
            data[at:at + 4] = struct.pack(rand.choice('<>') + 'I', rand.choice(INTEGERS) & 0xffffffff)
        elif what == 6:
            data[at:at + 8] = struct.pack('<Q', rand.choice(INTEGERS) & 0xffffffffffffffff)
        else:
            digit = [i for i, b in enumerate(data[:4096]) if 48 <= b <= 57]
            if digit:
                i = rand.choice(digit)
                data[i:i + 1] = str(rand.choice(INTEGERS)).encode() if rand.random() < 0.5 else b'%d' % rand.randrange(10)
    return bytes(data)


def bend_json(rand, value):
    """One node of a JSON value replaced by another."""
    if isinstance(value, dict) and value and rand.random() < 0.9:
        key = rand.choice(sorted(value))
        if rand.random() < 0.1:
            value[rand.choice(WORDS)] = value.pop(key)
        else:
            value[key] = bend_json(rand, value[key])
        return value
    if isinstance(value, list) and value and rand.random() < 0.8:
        i = rand.randrange(len(value))
        if rand.random() < 0.2:
            value[i:i + 1] = []
        else:
            value[i] = bend_json(rand, value[i])
        return value
    return rand.choice([None, True, [], {}, [[]], 1.5, 1e300] + INTEGERS + WORDS)


def safetensors(rand, data):
    """The header bent and written again, so that what is behind it is reached."""
    kind = rand.random()
    if kind < 0.3:
        return flip(rand, data)
    n = struct.unpack('<Q', data[:8])[0]
    head = json.loads(data[8:8 + n])
    for _ in range(rand.choice([1, 1, 2]) if kind < 0.7 else 0):
        bent = bend_json(rand, head)
        head = bent if isinstance(bent, dict) else head
    text = json.dumps(head).encode()
    body = data[8 + n:]
    if rand.random() < 0.1:
        body = flip(rand, body)
    if rand.random() < 0.5 and len(body) >= 4:
        at = rand.randrange(len(body) // 4) * 4
        body = body[:at] + struct.pack('<I', rand.choice([0x7f800000, 0x7fc00000, 0xff800000, 0x7f7fffff, 0x70000000, 0x10000000, 1, 0])) + body[at + 4:]
    return struct.pack('<Q', len(text)) + text + body


def network(sizes, value, kind='F64'):
    """A file of dense layers, each of whose weights is value()."""
    header, body = {}, b''
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        for name, shape in (('weight', [fan_out, fan_in]), ('bias', [fan_out])):
            n = shape[0] * (shape[1] if len(shape) > 1 else 1)
            data = struct.pack('<%d%s' % (n, 'd' if kind == 'F64' else 'f'), *(value() for _ in range(n)))
            header['layers.%d.%s' % (i, name)] = {'dtype': kind, 'shape': shape, 'data_offsets': [len(body), len(body) + len(data)]}
            body += data
    head = json.dumps(header).encode()
    return struct.pack('<Q', len(head)) + head + body


def seal(data):
    """The checksum of a run file, as the program makes it."""
    mark = b'checksumheft-sha256:'
    at = data.find(mark)
    if at < 0:
        return data
    at += len(mark)
    data = data[:at] + b'0' * 64 + data[at + 64:]
    return data[:at] + hashlib.sha256(data).hexdigest().encode() + data[at + 64:]


def run_file(rand, data, folder):
    """Rows of the store changed, and sealed again."""
    if rand.random() < 0.3:
        data = flip(rand, data)
        return seal(data) if rand.random() < 0.8 else data
    path = os.path.join(folder, 'bend.sqlite')
    with open(path, 'wb') as file:
        file.write(data)
    store = sqlite3.connect(path)
    tables = sorted(row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    for _ in range(rand.choice([1, 1, 2, 5])):
        table = rand.choice(tables)
        columns = [row[1] for row in store.execute('PRAGMA table_info (%s)' % table)]
        keys = [row[1] for row in store.execute('PRAGMA table_info (%s)' % table) if row[5]]
        rows = store.execute('SELECT * FROM %s' % table).fetchall()
        if not rows:
            continue
        row = dict(zip(columns, rand.choice(rows)))
        where = ' AND '.join('%s IS ?' % key for key in keys)
        if (table, row[columns[0]]) == ('run', 'checksum'):
            continue
        column = rand.choice(columns)
        old = row[column]
        if isinstance(old, bytes) and rand.random() < 0.8:
            new = flip(rand, old)
            if rand.random() < 0.3 and len(old) >= 8:
                at = rand.randrange(len(old) // 8) * 8
                new = old[:at] + struct.pack('<d', rand.choice([float('nan'), float('inf'), -1e308, 1e308, 5e-324, -1])) + old[at + 8:]
        else:
            new = rand.choice([None, b'', b'x' * 9, 1.5, 1e308] + [n for n in INTEGERS if -2**63 <= n < 2**63] + NUMBERS + WORDS[:-1])
        try:
            if rand.random() < 0.1:
                store.execute('DELETE FROM %s WHERE %s' % (table, where), [row[key] for key in keys])
            elif rand.random() < 0.03:
                store.execute('DROP TABLE %s' % table)
                tables.remove(table)
            else:
                store.execute('UPDATE %s SET %s = ? WHERE %s' % (table, column, where), [new] + [row[key] for key in keys])
        except sqlite3.Error:
            pass
    store.commit()
    store.close()
    with open(path, 'rb') as file:
        return seal(file.read())


class Fuzz:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.env = dict(os.environ, G_DEBUG='', LC_ALL='C.UTF-8', OPENBLAS_NUM_THREADS='1',
                        ASAN_OPTIONS='detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:symbolize=1:exitcode=99',
                        LSAN_OPTIONS='print_suppressions=0:suppressions=' + os.path.join(HERE, '..', '..', 'build-aux', 'suppressions', 'lsan.supp'),
                        UBSAN_OPTIONS='print_stacktrace=1:halt_on_error=1:exitcode=99')
        rand = random.Random(0)
        self.nets = {}
        for name in ('dense-relu', 'dense-tanh', 'conv-relu', 'conv-tanh', 'nobias-conv', 'nobias-dense', 'types'):
            with open(os.path.join(REFERENCE, name + '.safetensors'), 'rb') as file:
                self.nets[name] = file.read()
            for part in ('inputs', 'labels'):
                path = os.path.join(REFERENCE, '%s-%s.npy' % (name, part))
                if os.path.exists(path):
                    shutil.copy(path, folder)
        n = 40
        self.tables = {
            'table.csv': ('x,"y",label\n' + ''.join('%g,%g,%d\n' % (rand.gauss(0, 1), rand.gauss(0, 1), rand.randrange(3)) for _ in range(n))).encode(),
            'images.idx': idx([n, 4, 4], [rand.randrange(256) for _ in range(n * 16)]),
            'labels.idx': idx([n], [rand.randrange(3) for _ in range(n)]),
            'images.npy': npy([n, 4, 4], rand=rand),
            'labels.npy': npy([n], '<i8', rand=rand),
        }
        for name, data in self.tables.items():
            self.write(name, data)
        self.cifar = b''.join(bytes([rand.randrange(10)]) + bytes(rand.randrange(256) for _ in range(3072)) for _ in range(4))
        self.runs = {}
        for name, words in (('train', DIGITS), ('lagrangian', [])):
            subprocess.run([program, 'run', name, '-o', 'seed.heft', '--quiet'] + words, cwd=folder, env=self.env, check=True)
            with open(os.path.join(folder, 'seed.heft'), 'rb') as file:
                self.runs[name] = file.read()
        self.descriptions = {}
        for line in subprocess.run([program, 'list'], env=self.env, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
            name = line.split('\t')[0]
            text = subprocess.run([program, 'describe', name, '--json'], env=self.env, stdout=subprocess.PIPE, text=True, check=True).stdout
            self.descriptions[name] = json.loads(text)

    def write(self, name, data):
        with open(os.path.join(self.folder, name), 'wb') as file:
            file.write(data)

    # Each makes what a case needs, and returns the command and which files belong to it.

    def case_measure_network(self, rand):
        name = rand.choice([n for n in sorted(self.nets) if n != 'types'])
        self.write('bent.safetensors', safetensors(rand, self.nets[name]))
        words = ['measure', 'bent.safetensors', '--data', '%s-inputs.npy,%s-labels.npy' % (name, name), '--json', '--samples', '4']
        words += ['--activation', rand.choice(['relu', 'tanh'])]
        for flag in (['--hessian'], ['--activations'], ['--certificate'], ['--pushforward', rand.choice(['all', 'kfac', 'draws,jacobian'])], ['--fisher', rand.choice(['exact', 'sampled', 'empirical', 'kfac', 'ekfac', 'diagonal', 'lanczos'])],
                     ['--arch', rand.choice(WORDS)], ['--input', rand.choice(['1x4x4', '2x5x5', '3x6x6'] + WORDS)]):
            if rand.random() < 0.2:
                words += flag
        return words, ['bent.safetensors']

    def case_measure_words(self, rand):
        name = rand.choice([n for n in sorted(self.nets) if n != 'types'])
        self.write('bent.safetensors', self.nets[name])
        words = ['measure', 'bent.safetensors', '--data', '%s-inputs.npy,%s-labels.npy' % (name, name), '--json']
        for _ in range(rand.randrange(1, 4)):
            option = rand.choice(['samples', 'beta', 'lambda', 'fisher', 'scope', 'seed', 'arch', 'input', 'activation', 'data', 'nuisances',
                                  'pushforward', 'delta', 'delta-draws', 'beta-pac', 'draws', 'draw-samples'])
            words.append('--%s=%s' % (option, rand.choice(NUMBERS + WORDS)))
        for flag in ('--hessian', '--activations', '--certificate', '--pushforward=all'):
            if rand.random() < 0.3:
                words.append(flag)
        return words, []

    def case_measure_values(self, rand):
        """Whole files of extreme numbers: weights, features, one sample, samples all alike, labels that the network does not have."""
        kind, classes, features = rand.choice(['F32', 'F64']), rand.choice([1, 2, 3]), rand.choice([1, 2, 3])
        odd = [0, 1e-320, 1e-30, 1e10, 3e38, float('nan'), float('inf'), -float('inf')] + [1e200, 1e308, -1e308] * (kind == 'F64')
        share, extreme = rand.choice([0, 0, 0.02, 1]), rand.choice(odd)
        self.write('bent.safetensors', network([features] + rand.choice([[], [4], [3, 3]]) + [classes],
                                               lambda: extreme if rand.random() < share else rand.gauss(0, 1), kind))
        n = rand.choice([0, 1, 2, 5, 30])
        columns = features if rand.random() < 0.8 else rand.choice([0, 1, 2, 5])
        wild, constant = rand.choice([0, 0, 0.05, 1]), rand.choice([None, None, '0', '1', '1e308'])
        values = ['1e308', '-1e308', '1e-308', '1e38', '1e39', '1e200', 'nan', 'inf', '-inf', '', 'x', '1e999']
        largest = rand.choice([classes - 1, classes - 1, 0, classes, 255, 256, 300])
        rows = [','.join('f%d' % i for i in range(columns)) + ',label']
        for _ in range(n):
            cells = [constant or (rand.choice(values) if rand.random() < wild else '%g' % rand.gauss(0, 1)) for _ in range(columns)]
            rows.append(','.join(cells + ['%d' % rand.randint(0, largest)]))
        self.write('bent.csv', ('\n'.join(rows) + rand.choice(['\n', '', '\n\n'])).encode() if rand.random() < 0.95 else b'')
        words = ['measure', 'bent.safetensors', '--data', 'bent.csv', '--json', '--activation', rand.choice(['relu', 'tanh', 'softplus'])]
        for flag in (['--hessian'], ['--activations'], ['--scope', rand.choice(['layers', 'network', 'both'])], ['--beta', rand.choice(NUMBERS)],
                     ['--lambda', rand.choice(NUMBERS)],
                     ['--fisher', rand.choice(['exact', 'sampled', 'empirical', 'kfac', 'ekfac', 'diagonal', 'lanczos'])]):
            if rand.random() < 0.25:
                words += flag
        return words, ['bent.safetensors', 'bent.csv']

    def case_measure_data(self, rand):
        """Images of a wrong magic number, length or number, before a network that they fit or do not."""
        self.write('bent.safetensors', network([rand.choice([16, 16, 16, 15]), 3], lambda: rand.gauss(0, 1)))
        pair = rand.choice([['images.idx', 'labels.idx'], ['images.npy', 'labels.npy']])
        bent = []
        for name in pair:
            data = bytearray(self.tables[name])
            way = rand.randrange(6)
            if way == 0:
                data = data[:rand.randrange(len(data))]
            elif way == 1:
                data[rand.randrange(min(16, len(data)))] = rand.choice([0, 1, 2, 8, 9, 0x7f, 0x80, 0xff])
            elif way == 2:
                data += bytes(rand.randrange(1, 100))
            elif way == 3:
                data = bytearray()
            elif way == 4 and name == 'labels.idx':
                data[rand.randrange(8, len(data))] = rand.choice([3, 10, 200, 255])
            self.write('bent-' + name, bytes(data))
            bent.append('bent-' + name)
        words = ['measure', 'bent.safetensors', '--data', ','.join(bent), '--json', '--activation', 'relu']
        return words + rand.choice([[], ['--activations'], ['--hessian'], ['--samples', rand.choice(['1', '39', '40', '41'])]]), ['bent.safetensors'] + bent

    def case_data(self, rand):
        pair = rand.choice([['table.csv'], ['images.idx', 'labels.idx'], ['images.npy', 'labels.npy']])
        bent = []
        for name in pair:
            if rand.random() < 0.7 or len(pair) == 1:
                self.write('bent-' + name, flip(rand, self.tables[name]))
                bent.append('bent-' + name)
            else:
                bent.append(name)
        if rand.random() < 0.1:
            bent = bent[::-1]
        words = ['run', 'train', '--json', '-s', 'dataset=' + ','.join(bent)] + SMALL
        return words, [n for n in bent if n.startswith('bent')]

    def case_cifar(self, rand):
        home = os.path.join(self.folder, 'home', 'datasets', 'cifar-10')
        os.makedirs(home, exist_ok=True)
        for name in ['data_batch_%d.bin' % i for i in range(1, 6)] + ['test_batch.bin']:
            with open(os.path.join(home, name), 'wb') as file:
                file.write(flip(rand, self.cifar) if rand.random() < 0.4 else self.cifar)
        return ['run', 'train', '--json', '-s', 'dataset=cifar-10'] + SMALL, []

    def case_export(self, rand):
        self.write('bent.heft', run_file(rand, self.runs[rand.choice(['train', 'train', 'lagrangian'])], self.folder))
        return ['export', 'bent.heft', '--export', 'out', '--format', rand.choice(['csv', 'svg', 'png', 'pdf', 'csv,svg'])], ['bent.heft']

    def case_resume(self, rand):
        self.write('bent.heft', run_file(rand, self.runs['train'], self.folder))
        return ['run', '--resume', 'bent.heft', '-s', 'epochs=2', '--json', '--threads', '1'], ['bent.heft']

    def case_bound(self, rand):
        usual = {'empirical': '0.1', 'kl': '100', 'samples': '1000', 'delta': '0.05'}
        if rand.random() < 0.5:
            usual.update({'draws': '10', 'delta-draws': '0.01'})
        if rand.random() < 0.5:
            usual['beta-pac'] = '2'
        for _ in range(rand.randrange(1, 4)):
            name = rand.choice(['empirical', 'kl', 'samples', 'delta', 'beta-pac', 'draws', 'delta-draws'])
            usual[name] = rand.choice(NUMBERS)
        return ['bound'] + ['--%s=%s' % item for item in usual.items()] + (['--json'] if rand.random() < 0.7 else []), []

    def case_settings(self, rand):
        name = rand.choice(sorted(self.descriptions))
        words = ['run', name, '--json', '--threads', rand.choice(['1', '2'])]
        if name == 'train':
            words += DIGITS
        elif any(p['id'] == 'effort' for p in self.descriptions[name]['parameters']):
            words += ['-s', 'effort=quick']
        for _ in range(rand.randrange(1, 4)):
            parameter = rand.choice(self.descriptions[name]['parameters'])
            values = NUMBERS + WORDS + [str(parameter.get(k)) for k in ('minimum', 'maximum', 'default')] * 8
            if parameter.get('choices'):
                values += [c if isinstance(c, str) else str(c.get('name')) for c in parameter['choices']] * 8
            words += ['-s', '%s=%s' % (parameter['id'], rand.choice(values))]
        return words, []

    def case_words(self, rand):
        words = rand.choice([['list'], ['describe', 'train'], ['run', 'train'], ['export', 'seed.heft'], ['sweep', 'lagrangian'], ['measure'], ['bench']])
        for _ in range(rand.randrange(1, 4)):
            option = rand.choice(['--seed', '--threads', '--format', '--export', '--dpi', '--grid', '--seeds', '--json', '--resume', '-s', '-o', '--save-every',
                                  '--batch', '--repeats'])
            words += [option, rand.choice(NUMBERS + WORDS)]
        if words[0] == 'bench':
            words.append('--list')
        return [w.replace('\0', '') for w in words], []

    def run(self, words):
        """Status, output and standard error of one command, or None for it if it did not end."""
        env = dict(self.env)
        if 'dataset=cifar-10' in words:
            env['HEFT_DATA_DIR'] = os.path.join(self.folder, 'home')
        child = subprocess.Popen([self.program] + words, cwd=self.folder, env=env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started = time.monotonic()
        try:
            out, err = child.communicate(timeout=INTERRUPT)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
            try:
                out, err = child.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                return None, '', 'no end %g s after an interruption' % (time.monotonic() - started - INTERRUPT)
        return child.returncode, out.decode('utf-8', 'surrogateescape'), err.decode('utf-8', 'surrogateescape')

    def complaint(self, words, status, out, err):
        if status is None:
            return err
        if status not in (0, 1, 2, 130):
            return 'status %d' % status
        if re.search(r'AddressSanitizer|LeakSanitizer|runtime error|WARNING|CRITICAL|\(process:', err):
            return 'a warning'
        try:
            (out + err).encode('utf-8')
        except UnicodeEncodeError:
            return 'not UTF-8'
        if status in (1, 2) and not (err.startswith('heft-cli: ') and re.search(r'[.?]\n$', err) and err.count('\n') == 1):
            return 'not one sentence'
        if status == 2 and out:
            return 'output beside a refusal'
        if '--json' in words and status == 0:
            try:
                json.loads(out, parse_constant=lambda word: 1 / 0)
            except (ValueError, ZeroDivisionError):
                return 'no JSON'
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--first', type=int, default=0, help='number of the first case')
    parser.add_argument('--keep', help='folder for the files of each finding')
    parser.add_argument('--only', default='', help='kind of case')
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix='heft-fuzz-')
    fuzz = Fuzz(os.path.abspath(options.program), folder)
    kinds = sorted(name for name in dir(Fuzz) if name.startswith('case_') and options.only in name)
    counts, found, number = {}, 0, options.first
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        rand = random.Random('%d %d' % (options.seed, number))
        kind = kinds[number % len(kinds)]
        words, files = getattr(fuzz, kind)(rand)
        status, out, err = fuzz.run(words)
        counts.setdefault(kind, {}).setdefault(status, 0)
        counts[kind][status] += 1
        complaint = fuzz.complaint(words, status, out, err)
        if complaint:
            found += 1
            print('%d %s: %s\n  heft-cli %r\n  %s' % (number, kind, complaint, words, err[:3000].encode('utf-8', 'replace').decode()), flush=True)
            if options.keep:
                os.makedirs(options.keep, exist_ok=True)
                for name in files:
                    shutil.copy(os.path.join(folder, name), os.path.join(options.keep, '%d-%s' % (number, name)))
        number += 1
    shutil.rmtree(folder)
    for kind in sorted(counts):
        print(kind[5:], ', '.join('%s: %d' % (status, n) for status, n in sorted(counts[kind].items(), key=str)))
    print('%d cases, %d findings' % (number - options.first, found))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
