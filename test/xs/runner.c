/*
 * Runs one bundled program on the XS engine and gives it what the tests measure: print(text), computrons() since the
 * start, liveSlots() and liveChunkBytes() after a garbage collection, slotBytes(). Exit status: 0 the program ran to
 * its end, 1 it threw, 2 wrong use, 3 the engine gave up (stack, memory).
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

static void xs_liveChunkBytes(txMachine* the)
{
	fxCollectGarbage(the);
	fxInteger(the, mxResult, the->currentChunksSize);
}

static void xs_slotBytes(txMachine* the)
{
	fxInteger(the, mxResult, sizeof(txSlot));
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
	txMachine* machine;

	if ((argc != 2) || !c_realpath(argv[1], path)) {
		fprintf(stderr, "usage: xs PROGRAM.js\n");
		return 2;
	}
	fxInitializeSharedCluster();
	machine = fxCreateMachine(&creation, "xs", NULL, XS_NO_ID);
	{
		txMachine* the = fxBeginHost(machine);
		mxTry(the) {
			fxGive(the, xs_print, 1, "print");
			fxGive(the, xs_computrons, 0, "computrons");
			fxGive(the, xs_liveSlots, 0, "liveSlots");
			fxGive(the, xs_liveChunkBytes, 0, "liveChunkBytes");
			fxGive(the, xs_slotBytes, 0, "slotBytes");
			the->meterIndex = 0;
			fxRunModuleFile(the, path);
			fxRunLoop(the);
			/* Whatever the module threw comes as a rejection of its import. */
			if (!mxIsUndefined(&mxException))
				fxJump(the);
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
