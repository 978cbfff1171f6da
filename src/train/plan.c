/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "train/trainer-private.h"

/*
 * Each part owns rows of every layer's weights, which are consecutive memory: weights, their optimiser state and gradients stay with
 * one processor, and no processor's prefetching reaches for what another one writes. Forward, a part's inputs give one addend of the
 * outputs; backward, they get their gradient whole.
 */

/* Floating-point operations of a step below which a second thread does not pay. */
#define WORTH_SHARING 4e6

/* Floats of a gradient tile: it stays in the second-level cache between the product that makes it and the optimiser. */
#define TILE 65536

#define WIDEST_TILE 512
#define LOWEST_TILE 64   /* rows, so that a product has enough of them */

/* Rows from which a batch is cut in two: what a task reads of it stays in the second-level cache. */
#define LARGE_BATCH 512

#define SHARD_ROWS 128   /* what they leave on their way from layer to layer stays in the second-level cache */

#define LANE 8   /* parts begin at multiples of a product's tile */

/**
 * heft_plan_n_parts:
 * @inputs: of a stage
 * @batch: rows of a batch
 *
 * Returns: parts of a stage's inputs, each with an addend of the outputs. Large batches are cut by rows as well, which leaves as many
 * tasks with fewer addends.
 */
guint
heft_plan_n_parts (gsize inputs,
                   gsize batch)
{
  if (inputs < 128)
    return 1;
  if (inputs < 512 || (inputs < 1024 && batch >= LARGE_BATCH))
    return 2;
  return inputs < 1024 ? 4 : HEFT_MAX_PARTS;
}

/* Where part @i of @n begins. */
static gsize
part_start (gsize size,
            guint n,
            guint i)
{
  const gsize start = size * i / n;

  return i == 0 || i == n ? start : MIN (size, (start + LANE / 2) / LANE * LANE);
}

static void
add_task (HeftPlan    *self,
          HeftTaskKind kind,
          guint        stage,
          gsize        row0,
          gsize        row1,
          gsize        column0,
          gsize        column1)
{
  HeftTask task = { .kind = kind, .stage = stage, .row0 = row0, .row1 = row1, .column0 = column0, .column1 = column1 };

  if (row1 > row0 && column1 > column0)
    g_array_append_val (self->tasks, task);
}

static void
end_phase (HeftPlan *self)
{
  g_array_append_val (self->phase_ends, self->tasks->len);
}

static void
add_row_tasks (HeftPlan    *self,
               HeftTaskKind kind,
               guint        stage,
               guint        n_parts,
               gsize        columns)
{
  for (guint i = 0; i < n_parts; i++)
    add_task (self, kind, stage, part_start (self->batch, n_parts, i), part_start (self->batch, n_parts, i + 1), 0, columns);
}

/* Tasks over a batch x @columns matrix: columns where they are many, else rows. Blocks of rows come one after the other, so that two
 * workers keep to their columns. */
static void
add_matrix_tasks (HeftPlan    *self,
                  HeftTaskKind kind,
                  guint        stage,
                  gsize        columns)
{
  const guint n_parts = heft_plan_n_parts (columns, self->batch), n_blocks = self->batch >= LARGE_BATCH ? 2 : 1;

  if (n_parts == 1)
    {
      add_row_tasks (self, kind, stage, 2, columns);
      return;
    }
  for (guint block = 0; block < n_blocks; block++)
    for (guint i = 0; i < n_parts; i++)
      {
        add_task (self, kind, stage, part_start (self->batch, n_blocks, block), part_start (self->batch, n_blocks, block + 1),
                  part_start (columns, n_parts, i), part_start (columns, n_parts, i + 1));
        g_array_index (self->tasks, HeftTask, self->tasks->len - 1).shard = i;
      }
}

/* One part of a stage's weights, tile by tile. The bias's row goes with the last tile: parts have equally many. */
static void
add_part_tiles (HeftPlan        *self,
                const HeftStage *stage,
                guint            index,
                gsize            row0,
                gsize            row1,
                gsize           *tile_size)
{
  const gsize rows = row1 - row0, most = MAX (LOWEST_TILE, TILE / MIN (stage->out, WIDEST_TILE));
  const gsize n_tiles = MAX (1, (rows + most - 1) / most);
  const gsize height = ((rows + n_tiles - 1) / n_tiles + LANE - 1) / LANE * LANE;

  for (gsize row = row0; row < row1; row += height)
    for (gsize column = 0; column < stage->out; column += WIDEST_TILE)
      {
        const gsize column1 = MIN (stage->out, column + WIDEST_TILE);
        const gsize end = row + height < row1 ? row + height : row1 == stage->in ? row1 + 1 : row1;

        add_task (self, HEFT_TASK_UPDATE, index, row, end, column, column1);
        *tile_size = MAX (*tile_size, (end - row) * (column1 - column));
      }
}

/* The parts one after the other: run_phases() deals tasks out in turn, so that they are put in such an order that task i belongs to
 * part i modulo the number of parts. */
static void
interleave (HeftPlan    *self,
            guint        n_parts,
            const guint *starts)
{
  const guint first = starts[0], n = starts[n_parts] - first;
  g_autofree HeftTask *tasks = g_memdup2 (&g_array_index (self->tasks, HeftTask, first), n * sizeof *tasks);
  guint next = first;

  for (guint turn = 0; next < first + n; turn++)
    for (guint i = 0; i < n_parts; i++)
      if (starts[i] + turn < starts[i + 1])
        g_array_index (self->tasks, HeftTask, next++) = tasks[starts[i] + turn - first];
}

/* The weights' blocks, by the same parts as the forward tasks; the bias belongs to the last. */
static void
add_update_tasks (HeftPlan        *self,
                  const HeftStage *stage,
                  guint            index,
                  gsize           *tile_size)
{
  const guint n_parts = self->alone ? 1 : MAX (heft_plan_n_parts (stage->in, self->batch), MIN (2, stage->in));
  guint starts[HEFT_MAX_PARTS + 1];

  for (guint i = 0; i < n_parts; i++)
    {
      starts[i] = self->tasks->len;
      add_part_tiles (self, stage, index, part_start (stage->in, n_parts, i), part_start (stage->in, n_parts, i + 1), tile_size);
    }
  starts[n_parts] = self->tasks->len;
  interleave (self, n_parts, starts);
}

static double
operations (const HeftStage *stages,
            guint            n_stages,
            gsize            batch)
{
  double sum = 0.0;

  for (guint i = 0; i < n_stages; i++)
    sum += 6.0 * (double) (batch * stages[i].places) * (double) stages[i].layer->n_parameters;
  return sum;
}

/* Parts of the batch that go through the operations side by side, each with gradients of its own. */
static guint
n_operation_shards (gsize    batch,
                    gboolean alone)
{
  if (alone || batch < 2)
    return 1;
  if (batch < 64)
    return 2;
  return batch < 256 ? 4 : HEFT_MAX_PARTS;
}

static void
add_operation_tasks (HeftPlan        *self,
                     const HeftStage *stages,
                     guint            n_stages)
{
  for (guint i = 0; i < n_stages; i++)
    if (stages[i].layer->kind == HEFT_LAYER_CONVOLUTION)
      {
        const gsize places = stages[i].layer->kernel * stages[i].layer->kernel;

        add_task (self, HEFT_TASK_PACK, i, 0, places / 2, 0, 1);
        add_task (self, HEFT_TASK_PACK, i, places / 2, places, 0, 1);
      }
  if (self->tasks->len > 0)
    end_phase (self);
  for (guint i = 0; i < self->n_shards; i++)
    {
      add_task (self, HEFT_TASK_OPERATIONS, 0, self->batch * i / self->n_shards, self->batch * (i + 1) / self->n_shards, 0, 1);
      g_array_index (self->tasks, HeftTask, self->tasks->len - 1).shard = i;
    }
  self->loss_phase = self->phase_ends->len;
  end_phase (self);
}

/* The stages behind these have so many rows for so few weights that workers rather share the weights than the rows. */
static guint
n_cut_stages (const HeftStage *stages,
              guint            n_stages,
              gsize            batch)
{
  while (n_stages > 0 && 2 * stages[n_stages - 1].in <= batch)
    n_stages--;
  return n_stages;
}

static void
add_chain_tasks (HeftPlan        *self,
                 const HeftStage *stages,
                 guint            n_stages)
{
  const guint last = n_stages - 1;

  for (guint i = 0; i < self->n_cut; i++)
    {
      add_matrix_tasks (self, HEFT_TASK_FORWARD, i, stages[i].in);
      end_phase (self);
    }
  if (self->n_cut < n_stages)
    add_row_tasks (self, HEFT_TASK_SHARD, self->n_cut, (guint) MAX (2, self->batch / SHARD_ROWS), 1);
  else
    add_row_tasks (self, HEFT_TASK_LOSS, last, 2, stages[last].out);
  self->loss_phase = self->phase_ends->len;
  end_phase (self);
  for (guint i = self->n_cut; i-- > 1;)
    {
      add_matrix_tasks (self, HEFT_TASK_BACKWARD, i, stages[i].in);
      end_phase (self);
    }
}

/**
 * heft_plan_build:
 * @in_operations: whether the network is more than a chain of dense layers
 * @batch: rows of a batch
 * @tile_size: (out): floats of the largest gradient tile
 *
 * Cuts a step of these stages into tasks.
 */
void
heft_plan_build (HeftPlan        *self,
                 const HeftStage *stages,
                 guint            n_stages,
                 gboolean         in_operations,
                 gsize            batch,
                 gsize           *tile_size)
{
  heft_plan_clear (self);
  self->tasks = g_array_new (FALSE, FALSE, sizeof (HeftTask));
  self->phase_ends = g_array_new (FALSE, FALSE, sizeof (guint));
  self->batch = batch;
  self->alone = operations (stages, n_stages, batch) < WORTH_SHARING;
  self->n_cut = self->alone || in_operations ? 0 : n_cut_stages (stages, n_stages, batch);
  self->n_shards = in_operations ? n_operation_shards (batch, self->alone) : 0;
  *tile_size = 0;

  if (in_operations)
    add_operation_tasks (self, stages, n_stages);
  else if (self->alone)
    {
      add_row_tasks (self, HEFT_TASK_SHARD, 0, 1, 1);
      self->loss_phase = self->phase_ends->len;
      end_phase (self);
    }
  else
    add_chain_tasks (self, stages, n_stages);
  for (guint i = 0; i < n_stages; i++)
    add_update_tasks (self, &stages[i], i, tile_size);
  end_phase (self);
}

void
heft_plan_clear (HeftPlan *self)
{
  g_clear_pointer (&self->tasks, g_array_unref);
  g_clear_pointer (&self->phase_ends, g_array_unref);
}
