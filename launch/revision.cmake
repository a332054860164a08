# Writes revision.h as a step of every build, so that it names the revision that is built and not
# the one that was configured. The file is left alone where nothing changed.
execute_process(COMMAND git -C "${SOURCE_DIR}" rev-parse --short HEAD
                OUTPUT_VARIABLE JOURNEYMAN_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT JOURNEYMAN_REVISION)
  set(JOURNEYMAN_REVISION "unknown")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/revision.h.in" "${OUTPUT}" @ONLY)
