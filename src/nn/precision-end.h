/* SPDX-License-Identifier: GPL-3.0-or-later */

#undef REAL
#undef NAME
#undef MATH
#undef PASS
#undef Pass
#undef PassStruct
