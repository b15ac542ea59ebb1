/** @file counterRecord.h
 * @brief Declarations for the @ref counterRecord "counter" record type.
 *
 * This header was generated from counterRecord.dbd
 */

#ifndef INC_counterRecord_H
#define INC_counterRecord_H

#include <epicsTypes.h>

struct counterRecord;

#ifndef counterMODE_NUM_CHOICES
/** @brief Enumerated type from menu counterMODE */
typedef enum {
    counterMODE_Up                  /**< @brief State string "Up" */,
    counterMODE_Down                /**< @brief State string "Down * / \"there\"" */
} counterMODE;
/** @brief Number of states defined for menu counterMODE */
#define counterMODE_NUM_CHOICES 2
#endif

/** @brief Declaration of counter record type. */
typedef struct counterRecord {
    char                name[61];   /**< @brief Record Name */
    epicsEnum16         mode;       /**< @brief Up / * or * / down */
    epicsUInt32         NOT;        /**< @brief  */
    DBLINK              flnk;       /**< @brief Link */
    struct averyveryverylongnameofastruct *ptr; /**< @brief Private */
} counterRecord;

typedef enum {
	counterRecordNAME = 0,
	counterRecordMODE = 1,
	counterRecordNOT = 2,
	counterRecordFLNK = 3,
	counterRecordPTR = 4
} counterFieldIndex;

#ifdef GEN_SIZE_OFFSET

#include <epicsExport.h>
#include <cantProceed.h>
#ifdef __cplusplus
extern "C" {
#endif
static int counterRecordSizeOffset(dbRecordType *prt)
{
    counterRecord *prec = 0;

    if (prt->no_fields != 5) {
        cantProceed("IOC build or installation error:\n"
            "    The counterRecord defined in the DBD file has %d fields,\n"
            "    but the record support code was built with 5.\n",
            prt->no_fields);
    }
    prt->papFldDes[counterRecordNAME]->size = sizeof(prec->name);
    prt->papFldDes[counterRecordNAME]->offset = (unsigned short)offsetof(counterRecord, name);
    prt->papFldDes[counterRecordMODE]->size = sizeof(prec->mode);
    prt->papFldDes[counterRecordMODE]->offset = (unsigned short)offsetof(counterRecord, mode);
    prt->papFldDes[counterRecordNOT]->size = sizeof(prec->NOT);
    prt->papFldDes[counterRecordNOT]->offset = (unsigned short)offsetof(counterRecord, NOT);
    prt->papFldDes[counterRecordFLNK]->size = sizeof(prec->flnk);
    prt->papFldDes[counterRecordFLNK]->offset = (unsigned short)offsetof(counterRecord, flnk);
    prt->papFldDes[counterRecordPTR]->size = sizeof(prec->ptr);
    prt->papFldDes[counterRecordPTR]->offset = (unsigned short)offsetof(counterRecord, ptr);
    prt->rec_size = sizeof(*prec);
    return 0;
}
epicsExportRegistrar(counterRecordSizeOffset);

#ifdef __cplusplus
}
#endif
#endif /* GEN_SIZE_OFFSET */

#endif /* INC_counterRecord_H */
