# Arrow::arrow and Arrow::parquet from the unpacked pyarrow wheel in JOURNEYMAN_DEPS, whose
# libraries carry a version in their name (libarrow.so.NNNN) and no link without it.
set(Arrow_ROOT_DIR "${JOURNEYMAN_DEPS}/pyarrow")
foreach(library arrow parquet)
  file(GLOB candidates "${Arrow_ROOT_DIR}/lib${library}.so.*")
  list(LENGTH candidates count)
  if(count EQUAL 1)
    set(Arrow_${library}_LIBRARY "${candidates}")
  elseif(count GREATER 1)
    message(FATAL_ERROR "several versions of lib${library} in ${Arrow_ROOT_DIR}; "
                        "remove the folder and run tools/setup")
  endif()
endforeach()
if(EXISTS "${Arrow_ROOT_DIR}/include/arrow/util/config.h")
  file(STRINGS "${Arrow_ROOT_DIR}/include/arrow/util/config.h" version_line
       REGEX "^#define ARROW_VERSION_STRING ")
  if(version_line MATCHES "\"([0-9.]+)")
    set(Arrow_VERSION "${CMAKE_MATCH_1}")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Arrow
  REQUIRED_VARS Arrow_arrow_LIBRARY Arrow_parquet_LIBRARY VERSION_VAR Arrow_VERSION
  REASON_FAILURE_MESSAGE "run tools/setup, which unpacks it into ${JOURNEYMAN_DEPS}")

if(Arrow_FOUND AND NOT TARGET Arrow::arrow)
  add_library(Arrow::arrow UNKNOWN IMPORTED)
  set_target_properties(Arrow::arrow PROPERTIES
    IMPORTED_LOCATION "${Arrow_arrow_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Arrow_ROOT_DIR}/include")
  add_library(Arrow::parquet UNKNOWN IMPORTED)
  set_target_properties(Arrow::parquet PROPERTIES
    IMPORTED_LOCATION "${Arrow_parquet_LIBRARY}"
    INTERFACE_LINK_LIBRARIES Arrow::arrow)
endif()
