/** The places at which a filter meets a frame on its way from one interface to another. */
export type Hook = 'tc egress' | 'sending socket' | 'xdp native' | 'xdp generic' | 'tc ingress' | 'receiving socket';
