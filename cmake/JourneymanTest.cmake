# journeyman_tests(<folder> [LIBS <target>...])
#
# Test binaries of one folder, from tests/<folder>; a binary whose files do not exist is left out.
#   support/*.cc    in each of them
#   *.cc            <folder>_test            label unit
#   job/*.cc        <folder>_job_test        label mpi        (whole jobs of the built program)
#   fault/*.cc      <folder>_fault_test      label fault      (kill, corrupt, fill the disk)
#   learning/*.cc   <folder>_learning_test   label learning   (a policy must reach a value)
#   data/*.cc       <folder>_data_test       label data       (needs JOURNEYMAN_DATA)
#   gpu/*.cc        <folder>_gpu_test        label gpu        (skips itself where there is no device)
#   mpi/*.cc        <folder>_mpi_test        label mpi        (run under mpirun with 2, 3 and 4 ranks)
#   slurm/*.cc      <folder>_slurm_test      label slurm      (starts a private cluster of one node)
#   long/*.cc       <folder>_long_test       label long, the only one that is not in ci
# Each test of the first kinds is a CTest test of its own, named <folder>.<Suite>.<Test>.
include(GoogleTest)
find_program(JOURNEYMAN_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(JOURNEYMAN_PYTHON NAMES python3 REQUIRED)
mark_as_advanced(JOURNEYMAN_PYTHON)

# For every test process: mpirun as root in a container, threads that sleep while they wait,
# loopback only, and the sanitizers' lists of what is not ours.
set(journeyman_test_environment
  GTEST_COLOR=no
  OMP_WAIT_POLICY=passive
  OMPI_ALLOW_RUN_AS_ROOT=1
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_mpi_yield_when_idle=1
  OMPI_MCA_hwloc_base_binding_policy=none
  OMPI_MCA_btl=self,vader,tcp
  OMPI_MCA_btl_vader_single_copy_mechanism=none
  OMPI_MCA_btl_tcp_if_include=lo
  OMPI_MCA_oob_tcp_if_include=lo
  "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0"
  "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp"
  JOURNEYMAN_SOURCE_DIR=${PROJECT_SOURCE_DIR}
  JOURNEYMAN_BUILD_DIR=${PROJECT_BINARY_DIR}
  JOURNEYMAN_PYTHON=${JOURNEYMAN_PYTHON})

# Adds the executable <target> from `sources` for tests of `folder`.
function(journeyman_test_binary target folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;LIBS")
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE journeyman_${folder} journeyman_test_support
                        ${arg_LIBS} GTest::gmock journeyman_warnings)
  target_compile_definitions(${target} PRIVATE
    JOURNEYMAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    JOURNEYMAN_PYTHON="${JOURNEYMAN_PYTHON}"
    JOURNEYMAN_MPIEXEC="${MPIEXEC_EXECUTABLE}"
    OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  if(TARGET journeyman)
    target_compile_definitions(${target} PRIVATE JOURNEYMAN_BINARY="$<TARGET_FILE:journeyman>")
    # Tests that start the program need it built, which a definition alone does not ask for.
    if(folder STREQUAL "launch")
      add_dependencies(${target} journeyman)
    endif()
  endif()
endfunction()

function(journeyman_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  set(source_dir "${PROJECT_SOURCE_DIR}/tests/${folder}")
  file(GLOB shared_sources CONFIGURE_DEPENDS "${source_dir}/support/*.cc")
  foreach(kind unit job fault learning data gpu slurm long)
    if(kind STREQUAL "unit")
      set(target ${folder}_test)
      file(GLOB sources CONFIGURE_DEPENDS "${source_dir}/*.cc")
    else()
      set(target ${folder}_${kind}_test)
      file(GLOB sources CONFIGURE_DEPENDS "${source_dir}/${kind}/*.cc")
    endif()
    if(NOT sources)
      continue()
    endif()
    list(APPEND sources ${shared_sources})
    set(labels "${kind};ci")
    set(timeout 300)
    if(kind STREQUAL "unit")
      set(timeout 60)
    elseif(kind STREQUAL "job")
      set(labels "mpi;ci")
    elseif(kind STREQUAL "learning")
      set(timeout 900)
    elseif(kind STREQUAL "long")
      set(labels "long")
      set(timeout 14400)
    endif()
    journeyman_test_binary(${target} ${folder} SOURCES ${sources} LIBS ${arg_LIBS} GTest::gtest_main)
    gtest_discover_tests(${target} TEST_PREFIX "${folder}." DISCOVERY_MODE PRE_TEST
                         DISCOVERY_TIMEOUT 60)
    # Properties that are lists do not survive gtest_discover_tests; they are set when CTest reads
    # the list of discovered tests.
    set(properties_file "${CMAKE_CURRENT_BINARY_DIR}/${target}_properties.cmake")
    file(WRITE "${properties_file}" "if(${target}_TESTS)\n"
         "  set_tests_properties(\${${target}_TESTS} PROPERTIES LABELS [==[${labels}]==]\n"
         "    TIMEOUT ${timeout} ENVIRONMENT [==[${journeyman_test_environment}]==])\n"
         "endif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${properties_file}")
  endforeach()

  file(GLOB mpi_sources CONFIGURE_DEPENDS "${source_dir}/mpi/*.cc")
  set(mpi_main "${PROJECT_SOURCE_DIR}/tests/support/mpi_main.cc")
  if(mpi_sources AND EXISTS "${mpi_main}")
    journeyman_test_binary(${folder}_mpi_test ${folder} SOURCES ${mpi_sources} "${mpi_main}"
                           LIBS ${arg_LIBS} GTest::gtest MPI::MPI_C)
    # LeakSanitizer cannot name what OpenMPI's plugins leak, as they are unloaded before it looks.
    set(environment ${journeyman_test_environment} ASAN_OPTIONS=detect_leaks=0)
    foreach(ranks 2 3 4)
      set(name ${folder}_mpi_test.ranks_${ranks})
      add_test(NAME ${name} COMMAND "${MPIEXEC_EXECUTABLE}" --oversubscribe -n ${ranks}
                                    $<TARGET_FILE:${folder}_mpi_test>)
      set_tests_properties(${name} PROPERTIES LABELS "mpi;ci" TIMEOUT 300 PROCESSORS ${ranks}
                           ENVIRONMENT "${environment}")
    endforeach()
  endif()
endfunction()

# journeyman_script_tests(<label> [SERIAL]): every tests/<label>/*_test.sh and *_test.py is a test;
# it skips itself by exit code 77 after printing the reason.
function(journeyman_script_tests label)
  file(GLOB scripts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${label}/*_test.sh"
       "${PROJECT_SOURCE_DIR}/tests/${label}/*_test.py")
  foreach(script IN LISTS scripts)
    cmake_path(GET script STEM name)
    if(script MATCHES "\\.py$")
      set(interpreter "${JOURNEYMAN_PYTHON}")
    else()
      set(interpreter bash)
    endif()
    set(environment ${journeyman_test_environment})
    if(TARGET journeyman)
      list(APPEND environment "JOURNEYMAN_BINARY=$<TARGET_FILE:journeyman>")
    endif()
    add_test(NAME ${label}.${name} COMMAND ${interpreter} "${script}"
             WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${label}.${name} PROPERTIES LABELS "${label};ci" TIMEOUT 900
                         SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
    if("SERIAL" IN_LIST ARGN)
      set_tests_properties(${label}.${name} PROPERTIES RUN_SERIAL ON)
    endif()
  endforeach()
endfunction()
