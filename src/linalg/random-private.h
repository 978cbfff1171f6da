/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/random.h>

G_BEGIN_DECLS

/* One Philox 4x32-10 block, as in Salmon et al. 2011; in plain C, the referee of the vector kernels. */
void heft_philox     (const guint32 key[2], const guint32 counter[4], guint32 out[4]);
/* The Philox key of a stream, for kernels that make their noise themselves. */
void heft_stream_key (HeftStream stream, guint32 key[2]);

G_END_DECLS
