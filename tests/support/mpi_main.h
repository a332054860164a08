#pragma once

#include "cluster/communicator.h"

namespace journeyman::testing {

// The communicator of the mpirun that runs this test binary (tests/<folder>/mpi/*_test.cc, at least
// two ranks). Every rank runs every test, in a role's thread; a test in which one rank fails an
// assertion fails the whole run, named by rank.
cluster::Communicator& World();

}  // namespace journeyman::testing
