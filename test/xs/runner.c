/*
 * Runs bundled programs on the XS engine, one after the other on the same machine, and gives them what the tests
 * measure: print(text), computrons() since the start, liveSlots(), liveCodeBytes() and liveDataBytes() after
 * a garbage collection. Exit status: 0 the programs ran to their end, 1 one threw, 2 wrong use, 3 the engine gave up (stack,
 * memory).
 */

#include "xsAll.h"

mxExport void fxRunModuleFile(txMachine* the, txString path);
mxExport void fxRunLoop(txMachine* the);

static void xs_print(txMachine* the)
{
	fputs(fxToString(the, mxArgv(0)), stdout);
	fputc('\n', stdout);
}

/* The engine's meter has 32 bits and wraps: asked at least once every 2^32 computrons, this does not. */
static void xs_computrons(txMachine* the)
{
	static txU4 seen = 0;
	static txNumber total = 0;
	txU4 now = the->meterIndex;
	total += (txU4)(now - seen);
	seen = now;
	fxNumber(the, mxResult, total);
}

static void xs_liveSlots(txMachine* the)
{
	fxCollectGarbage(the);
	fxInteger(the, mxResult, the->currentHeapCount);
}

/* Byte code, which this engine copies for every function and the SDK leaves in flash. */
static txSize fxLiveCodeBytes(txMachine* the)
{
	txSlot* heap;
	txSlot* slot;
	txSize code = 0;
	fxCollectGarbage(the);
	for (heap = the->firstHeap; heap; heap = heap->next)
		for (slot = heap + 1; slot < heap->value.reference; slot++)
			if ((slot->kind == XS_CODE_KIND) && slot->value.code.address)
				code += ((txChunk*)(slot->value.code.address - sizeof(txChunk)))->size;
	return code;
}

static void xs_liveCodeBytes(txMachine* the)
{
	fxInteger(the, mxResult, fxLiveCodeBytes(the));
}

/* All other chunks. */
static void xs_liveDataBytes(txMachine* the)
{
	txSize code = fxLiveCodeBytes(the);
	fxInteger(the, mxResult, the->currentChunksSize - code);
}

static void fxGive(txMachine* the, txCallback callback, txInteger length, txString name)
{
	fxNewHostFunction(the, callback, length, XS_NO_ID, XS_NO_ID);
	mxPush(mxGlobal);
	fxDefineID(the, fxNewNameC(the, name), XS_DONT_ENUM_FLAG,
		XS_DONT_DELETE_FLAG | XS_DONT_ENUM_FLAG | XS_DONT_SET_FLAG);
	mxPop();
}

int main(int argc, char* argv[])
{
	txCreation creation = {
		16 * 1024 * 1024,	/* chunks: bytes at first, bytes added at a time */
		4 * 1024 * 1024,
		1024 * 1024,		/* heap: slots at first, slots added at a time */
		128 * 1024,
		64 * 1024,		/* stack, in slots */
		32000,			/* keys at first, keys added at a time */
		8000,
		1993,			/* sizes of the tables of names and of symbols */
		127,
		8 * 1024 * 1024,	/* the parser's buffer, and its table */
		1993,
	};
	char path[C_PATH_MAX];
	int status = 0;
	int i;
	txMachine* machine;

	for (i = 1; i < argc; i++) {
		if (!c_realpath(argv[i], path)) {
			fprintf(stderr, "%s: no such program\n", argv[i]);
			return 2;
		}
	}
	fxInitializeSharedCluster();
	machine = fxCreateMachine(&creation, "xs", NULL, XS_NO_ID);
	{
		txMachine* the = fxBeginHost(machine);
		mxTry(the) {
			fxGive(the, xs_print, 1, "print");
			fxGive(the, xs_computrons, 0, "computrons");
			fxGive(the, xs_liveSlots, 0, "liveSlots");
			fxGive(the, xs_liveCodeBytes, 0, "liveCodeBytes");
			fxGive(the, xs_liveDataBytes, 0, "liveDataBytes");
			the->meterIndex = 0;
			for (i = 1; i < argc; i++) {
				c_realpath(argv[i], path);
				fxRunModuleFile(the, path);
				fxRunLoop(the);
				/* Whatever the module threw comes as a rejection of its import. */
				if (!mxIsUndefined(&mxException))
					fxJump(the);
			}
		}
		mxCatch(the) {
			fprintf(stderr, "%s\n", fxToString(the, &mxException));
			status = 1;
		}
		fxEndHost(the);
	}
	if (machine->abortStatus)
		status = 3;
	fflush(stdout);
	return status;
}
