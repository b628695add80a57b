// Written by the build, out of its options.

/** The citizen app's origin: `https://110.example.cn`. */
export const SERVER: string;
/** The subscription message (订阅消息) that tells 已接收; empty where there is none. */
export const RECEIVED_TEMPLATE: string;
