/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>
#include <heft/record.h>

G_BEGIN_DECLS

/* Says in @frame, beside its array "mean", which network those weights belong to: for heft_record_save_network(). */
void heft_frame_set_network (HeftFrame *frame, const HeftNetwork *network);

G_END_DECLS
