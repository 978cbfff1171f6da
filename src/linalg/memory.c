/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/linalg.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A product that strides through a matrix touches a page a row, more than the processor remembers the places of; with huge pages
 * (of 2 MiB nearly everywhere) products run a tenth faster. Smaller memory would waste more than half of one. */
#define HUGE_PAGE ((gsize) 2 << 20)
#define WORTH_A_HUGE_PAGE (HUGE_PAGE / 2)

static gpointer
allocate (gsize n_elements,
          gsize element_size)
{
  gpointer memory = NULL;
  gsize size;

  if (!g_size_checked_mul (&size, n_elements, element_size) || size > G_MAXSSIZE)
    return NULL;

#ifdef MADV_HUGEPAGE
  if (size >= WORTH_A_HUGE_PAGE && size <= G_MAXSSIZE - HUGE_PAGE)
    {
      const gsize whole = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;

      if (posix_memalign (&memory, HUGE_PAGE, whole) != 0)
        return NULL;
      /* A wish: where the system has no huge pages to give, the memory is as good as any. */
      (void) madvise (memory, whole, MADV_HUGEPAGE);
      return memset (memory, 0, size);
    }
#endif

  /* One element too many costs nothing and lets an empty array have an address. */
  if (posix_memalign (&memory, HEFT_ALIGNMENT, MAX (size, HEFT_ALIGNMENT)) != 0)
    return NULL;

  return memset (memory, 0, MAX (size, HEFT_ALIGNMENT));
}

gpointer
heft_aligned_alloc (gsize n_elements,
                    gsize element_size)
{
  gpointer memory = allocate (n_elements, element_size);

  if (memory == NULL)
    g_error ("Failed to allocate %" G_GSIZE_FORMAT " x %" G_GSIZE_FORMAT " bytes", n_elements, element_size);

  return memory;
}

gpointer
heft_aligned_try_alloc (gsize    n_elements,
                        gsize    element_size,
                        GError **error)
{
  gpointer memory = allocate (n_elements, element_size);

  if (memory == NULL)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                 _("There is not enough memory for an array of %zu numbers; "
                   "use fewer samples or a smaller network."), n_elements);

  return memory;
}

void
heft_aligned_free (gpointer memory)
{
  free (memory);
}
