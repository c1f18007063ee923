import type { VideoDetails } from './media-file.ts';

// Reads from a track's decoder configuration how the track was encoded. One that is truncated, or stored between the frames,
// gives no facts.

type PictureFacts = Pick<VideoDetails, 'profile' | 'chromaSubsampling' | 'bitDepth' | 'scan'>;

const CHROMA = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'] as const;

const H264_PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4 Predictive',
  44: 'CAVLC 4:4:4 Intra',
};
/** Profiles whose parameter set has chroma format and bit depth (ISO/IEC 14496-10, 7.3.2.1.1); others are 4:2:0, 8 bits. */
const WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** `head`: an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1). */
export function h264Facts(head: Uint8Array): PictureFacts {
  const length = ((head[6] ?? 0) << 8) | (head[7] ?? 0);
  // The first byte of the set is only its type: sequence parameter set.
  const bits = bitReader(withoutEscapes(head.subarray(9, 8 + length)));
  try {
    return readSequence(bits);
  } catch (error) {
    if (error instanceof RangeError) return {};
    throw error;
  }
}

function readSequence(bits: BitReader): PictureFacts {
  const idc = bits.take(8);
  bits.take(16);
  bits.exp();
  let [chroma, bitDepth] = [1, 8];
  if (WITH_CHROMA.has(idc)) {
    chroma = bits.exp();
    if (chroma === 3) bits.take(1);
    bitDepth = 8 + Math.max(bits.exp(), bits.exp());
    bits.take(1);
    if (bits.take(1)) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.exp();
  const order = bits.exp();
  if (order === 0) bits.exp();
  if (order === 1) {
    bits.take(1);
    bits.exp();
    bits.exp();
    for (let left = bits.exp(); left > 0; left -= 1) bits.exp();
  }
  bits.exp();
  bits.take(1);
  bits.exp();
  bits.exp();
  const scan = bits.take(1) ? 'progressive' : 'interlaced';
  const [profile, chromaSubsampling] = [H264_PROFILES[idc], CHROMA[chroma]];
  return { ...(profile && { profile }), ...(chromaSubsampling && { chromaSubsampling }), bitDepth, scan };
}

function skipScalingLists(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list += 1) {
    if (!bits.take(1)) continue;
    let [last, next] = [8, 8];
    for (let left = list < 6 ? 16 : 64; left > 0; left -= 1) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

const HEVC_PROFILES: Readonly<Record<number, string>> = {
  1: 'Main',
  2: 'Main 10',
  3: 'Main Still Picture',
  4: 'Range Extensions',
};

/** `head`: an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1). */
export function hevcFacts(head: Uint8Array): PictureFacts {
  if (head.length < 23) return {};
  const at = (index: number) => head[index] ?? 0;
  const [isProgressive, isInterlaced] = [at(6) & 0x80, at(6) & 0x40];
  const [profile, chromaSubsampling] = [HEVC_PROFILES[at(1) & 0x1f], CHROMA[at(16) & 3]];
  return {
    ...(profile && { profile }),
    ...(chromaSubsampling && { chromaSubsampling }),
    bitDepth: 8 + Math.max(at(17) & 7, at(18) & 7),
    scan: isInterlaced && !isProgressive ? 'interlaced' : 'progressive',
  };
}

const AAC_TYPES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'LC', 5: 'HE', 29: 'HEv2', 42: 'xHE' };

/** `head`: an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
export function aacFacts(head: Uint8Array): Pick<VideoDetails, 'audioProfile'> {
  const [first = 0, , third = 0, fourth = 0, fifth = 0] = head;
  // The configuration of AAC-LC may be followed by an extension, which marks it as HE-AAC (spectral band replication).
  const isExtended = third === 0x56 && fourth === 0xe5 && (fifth & 0x80) !== 0;
  const profile = isExtended ? 'HE' : AAC_TYPES[first >> 3];
  return profile ? { audioProfile: profile } : {};
}

interface BitReader {
  /** Throws RangeError at the end of the data. */
  take(bits: number): number;
  /** Exp-Golomb codes (ISO/IEC 14496-10, 9.1). */
  exp(): number;
  signed(): number;
}

function bitReader(bytes: Uint8Array): BitReader {
  let at = 0;
  const take = (bits: number) => {
    let value = 0;
    for (let left = bits; left > 0; left -= 1, at += 1) {
      const byte = bytes[at >> 3];
      if (byte === undefined) throw new RangeError('the parameter set ends too early');
      value = value * 2 + ((byte >> (7 - (at & 7))) & 1);
    }
    return value;
  };
  const exp = () => {
    let zeros = 0;
    while (take(1) === 0) zeros += 1;
    if (zeros > 31) throw new RangeError('no such code');
    return 2 ** zeros - 1 + take(zeros);
  };
  const signed = () => {
    const code = exp();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  };
  return { take, exp, signed };
}

/** Removes emulation prevention bytes: 0 0 3 stands for 0 0. */
function withoutEscapes(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, at) => !(byte === 3 && at >= 2 && bytes[at - 1] === 0 && bytes[at - 2] === 0));
}
