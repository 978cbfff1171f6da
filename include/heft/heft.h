/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/bound.h>
#include <heft/code.h>
#include <heft/curvature.h>
#include <heft/dataset.h>
#include <heft/description.h>
#include <heft/error.h>
#include <heft/experiment.h>
#include <heft/information.h>
#include <heft/invariance.h>
#include <heft/measure.h>
#include <heft/network.h>
#include <heft/npy.h>
#include <heft/nuisance.h>
#include <heft/panel.h>
#include <heft/pass.h>
#include <heft/random.h>
#include <heft/record.h>
#include <heft/runfile.h>
#include <heft/safetensors.h>
#include <heft/shannon.h>
#include <heft/trainer.h>
