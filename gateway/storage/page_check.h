// gateway/storage/page_check.h: is an LMDB file whole, page by page?
//
// LMDB has no checksums and believes what its pages say: a damaged one can end the process, or lead to an older tree
// that still lies in the free pages. So whoever trusts nobody looks first: every page of the file belongs to exactly
// one table or to the free list, keys ascend, counts agree. What is not looked at are values, unused space and free
// pages. A writer may be at work meanwhile. Memory: a bit for each page. Threads: any; not while this process has the
// folder open. Failure: LOCAL_CORRUPT with the page as `where`, LOG_INCOMPLETE when the file is shorter than what it
// describes, LOCAL_IO.
#pragma once

#include <string>

#include "gateway/base/result.h"

namespace chuanyu::storage {

Status check_pages(const std::string& folder);

}  // namespace chuanyu::storage
